import { describe, expect, it } from '@jest/globals';
import { ProgressLine } from '../../../src/cli/output/progress-line.js';
import { cancelling, running } from './operations.js';

function output(terminal: { readonly isTTY?: boolean; readonly columns?: number }) {
  const written: string[] = [];
  return { written, line: new ProgressLine({ ...terminal, write: (text) => written.push(text) }) };
}

describe('ProgressLine', () => {
  it('not a terminal: a line for each change, and none for no change', () => {
    const { written, line } = output({});
    for (const operation of [running, running, cancelling]) line.show(operation);
    line.clear();
    expect(written).toEqual(['running: 40 %\n', 'running: 40 %, cancellation requested\n']);
  });

  it('a terminal: one line that is rewritten, and taken away in the end', () => {
    const { written, line } = output({ isTTY: true });
    for (const operation of [running, running, cancelling]) line.show(operation);
    line.clear();
    expect(written.join('')).not.toContain('\n');
    expect(written).toEqual([
      '\r\u001b[Krunning: 40 %',
      '\r\u001b[Krunning: 40 %, cancellation requested',
      '\r\u001b[K',
    ]);
  });

  it('a narrow terminal: the line does not wrap', () => {
    const { written, line } = output({ isTTY: true, columns: 10 });
    line.show(running);
    expect(written).toEqual(['\r\u001b[Krunning: ']);
  });

  it('a terminal that says it has no columns: the line is whole', () => {
    const { written, line } = output({ isTTY: true, columns: 0 });
    line.show(running);
    expect(written).toEqual(['\r\u001b[Krunning: 40 %']);
  });

  it('a text in between: once, however often it is said, and once more after a change', () => {
    const { written, line } = output({});
    line.show(running);
    for (let times = 0; times < 3; times++) line.say('no answer');
    line.show(running);
    line.say('no answer');
    expect(written).toEqual(['running: 40 %\n', 'no answer\n', 'running: 40 %\n', 'no answer\n']);
  });

  it('nothing was shown: nothing is taken away', () => {
    const { written, line } = output({ isTTY: true });
    line.clear();
    expect(written).toEqual([]);
  });
});
