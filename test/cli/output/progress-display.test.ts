import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { OperationView } from '../../../src/cli/output/operation-json.js';
import { ProgressDisplay } from '../../../src/cli/output/progress-display.js';
import { cancelling, running } from './operations.js';

function output(terminal: { readonly isTTY?: boolean; readonly columns?: number }) {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      written.push(String(chunk));
      done();
    },
  });
  return { written, display: new ProgressDisplay(Object.assign(stream, terminal)) };
}

const at = (metadata: Record<string, unknown>): OperationView => ({ state: 'running', json: { metadata } });

// biome-ignore lint/suspicious/noControlCharactersInRegex: what steers a terminal begins with one
const STEERING = /\u001b(?:\[[\d;?]*[A-Za-z]|[78])/g;

describe('ProgressDisplay › no terminal', () => {
  it('prints a line per change only', () => {
    const { written, display } = output({});
    for (const operation of [running, running, cancelling]) display.show(operation);
    display.clear();
    expect(written).toEqual(['running: 40 %\n', 'running: 40 %, cancellation requested\n']);
  });

  it('lists the changed fields if the summary is the same', () => {
    const { written, display } = output({});
    display.show(at({ stage: { name: 'copy' }, rows: '0' }));
    display.show(at({ stage: { name: 'copy' }, rows: '12' }));
    display.show(at({ stage: { name: 'index' }, rows: '12' }));
    display.show(at({ stage: { name: 'index' }, rows: '12' }));
    expect(written).toEqual(['running\n', 'running: rows 12\n', 'running: stage.name index\n', 'running\n']);
  });

  it('shows a repeated text once, and again after a change', () => {
    const { written, display } = output({});
    display.show(running);
    for (let times = 0; times < 3; times++) display.say('no answer');
    display.show(running);
    display.say('no answer');
    expect(written).toEqual(['running: 40 %\n', 'no answer\n', 'running: 40 %\n', 'no answer\n']);
  });
});

describe('ProgressDisplay › a terminal', () => {
  it('draws a bar and removes it at the end; the cursor is unchanged', () => {
    const { written, display } = output({ isTTY: true, columns: 80 });
    display.show(cancelling);
    display.clear();
    const text = written.join('');
    expect(text.replace(STEERING, '')).toBe(
      'running [============------------------] 40 % cancellation requested',
    );
    expect(text).not.toContain('\n');
    expect(text).not.toContain('\u001b[?');
    expect(text.endsWith('\u001b[1G\u001b[2K')).toBe(true);
  });

  it.each([
    [at({ progressPercent: 99.9 }), '=============================-] 99 %'],
    [at({ progressPercent: 100 }), '==============================] 100 %'],
    [at({ done: '1', total: '4' }), '=======-----------------------] 25 %'],
  ])('%j: not full before the end', (operation, bar) => {
    const { written, display } = output({ isTTY: true });
    display.show(operation);
    display.clear();
    expect(written).toContain(`running [${bar}`);
  });

  it('text of the server cannot control the terminal', () => {
    const { written, display } = output({ isTTY: true });
    display.show(at({ progressPercent: 1, statusDetail: '{bar}\u001b[2J\n' }));
    display.clear();
    expect(written).toContainEqual(expect.stringMatching(/ 1 % \{bar\}\\u001b\[2J$/));
  });

  it.each([
    [10, 'running ['],
    [0, 'running [============------------------] 40 %'],
  ])('%d columns: the bar does not wrap', (columns, bar) => {
    const { written, display } = output({ isTTY: true, columns });
    display.show(running);
    display.clear();
    expect(written).toContain(bar);
  });

  it('no percentage: a line per change', () => {
    const { written, display } = output({ isTTY: true });
    display.show(at({ statusDetail: 'waiting' }));
    display.show(at({ statusDetail: 'working' }));
    display.clear();
    expect(written).toEqual(['running: waiting\n', 'running: working\n']);
  });

  it('a text appears on a separate line, above the bar', () => {
    const { written, display } = output({ isTTY: true });
    display.show(running);
    display.say('no answer');
    display.show(running);
    display.clear();
    const bar = 'running [============------------------] 40 %';
    expect(written.join('').replace(STEERING, '')).toBe(`${bar}no answer\n${bar}`);
  });

  it('nothing shown: nothing removed', () => {
    const { written, display } = output({ isTTY: true });
    display.clear();
    expect(written).toEqual([]);
  });
});
