import { describe, expect, it } from '@jest/globals';
import { everyChange, type Pace, UNTIL_DONE } from '../../../src/client/waiting/wait-loop.js';
import { Code, kitError } from '../../../src/core/status.js';
import { running, status, succeeded } from '../scripted-server.js';
import { behindProxy, type Server, simulate } from './simulation.ts';

const CUT = kitError(Code.UNAVAILABLE, 'CONNECTION_BROKEN', 'cut');
const LONG_POLL_MS = 50_000;

/** Server that answers after a time; long polls no later than they ask for. */
const answering =
  (afterMs: number): Server =>
  ({ kind, waitMs }) => ({ result: running(), afterMs: kind === 'wait' ? Math.min(afterMs, waitMs) : 0 });

const failing =
  (afterMs: number): Server =>
  () => ({ result: status(Code.UNAVAILABLE), afterMs });

/** Server without WaitOperation, whose GetOperation takes 50 ms. */
const withoutWait: Server = ({ kind }) =>
  kind === 'get' ? { result: running(), afterMs: 50 } : { result: status(Code.UNIMPLEMENTED), afterMs: 0 };

/** Server whose WaitOperation reports an end without a result. */
const vague: Server = ({ kind }) => ({
  result: kind === 'get' ? running() : { ...succeeded(), result: undefined },
  afterMs: 0,
});

/** The first requests of a wait, such as `wait 250`: a long poll, if not a full one with its duration, or `get`. */
async function schedule(server: Server, pace: Pace, count: number): Promise<string> {
  const { requests } = await simulate(server, { pace, untilMs: 300_000 });
  const shown = requests.slice(0, count).map(({ kind, atMs, waitMs }) => {
    const duration = kind === 'wait' && waitMs !== pace.longPollMs ? `/${waitMs}` : '';
    return `${kind}${duration} ${Math.floor(atMs)}`;
  });
  return shown.join(', ');
}

describe('the requests of a wait', () => {
  it.each<[string, Server, string]>([
    [
      'held: long polls follow each other',
      answering(LONG_POLL_MS),
      'wait 0, wait 50000, wait 100000, wait 150000',
    ],
    [
      'held for half a second: long polls follow each other',
      answering(500),
      'wait 0, wait 500, wait 1000, wait 1500',
    ],
    [
      'answered at once: with backoff',
      answering(0),
      'wait 0, wait 250, wait 625, wait 1187, wait 2031, wait 3296, wait 5195, wait 8042, wait 12314, wait 18721, ' +
        'wait 28332, wait 42748, wait 64373, wait 94373, wait 124373',
    ],
    [
      'answered within half a second: with backoff, in which the time of the answer counts',
      answering(499),
      'wait 0, wait 499, wait 998, wait 1560, wait 2404',
    ],
    [
      'while the server is unavailable: both methods in turn, after a second long poll, with backoff',
      failing(0),
      'wait 0, wait 250, get 625, wait 1187, get 2031, wait 3296, get 5195, wait 8042, get 12314, wait 18721',
    ],
    [
      'that fail after almost a second: the same',
      failing(999),
      'wait 0, wait 1249, get 2623, wait 4184, get 6027, wait 8291',
    ],
    [
      'that fail after a second: a proxy cuts them, and long polls become shorter',
      failing(1000),
      'wait 0, wait 1250, get 2500, wait/800 3875, get 5125, wait/800 6500',
    ],
    [
      'without WaitOperation: polls with backoff, and a long poll after a minute',
      withoutWait,
      'wait 0, get 0, get 250, get 625, get 1187, get 2031, get 3296, get 5195, get 8042, get 12314, get 18721, ' +
        'get 28332, get 42748, wait 64373, get 64373, get 94373, get 124373, get 154373, get 184373, wait 214373',
    ],
    [
      'that report an end without a result: each is confirmed (contract 47)',
      vague,
      'wait 0, get 0, wait 250, get 250, wait 625, get 625, wait 1187, get 1187',
    ],
    [
      'cut after a second: 800 ms long, without pauses',
      behindProxy(200_000, () => 1000, CUT),
      'wait 0, wait 1250, get 2500, wait/800 2501, wait/800 3301, wait/800 4101',
    ],
    [
      'cut after 300 ms: at most two in a second',
      behindProxy(200_000, () => 300, CUT),
      'wait 0, wait 550, get 1225, wait/240 1226, wait/240 1726, wait/240 2226',
    ],
    [
      'cut so soon that they cannot be shortened: with backoff',
      behindProxy(200_000, () => 124, CUT),
      'wait 0, wait 374, get 873, wait 874, get 1560, wait 1561',
    ],
  ])('%s', async (_, server, expected) => {
    expect(await schedule(server, UNTIL_DONE, expected.split(', ').length)).toBe(expected);
  });
});

describe('the backoff of a wait', () => {
  it('begins anew after a request that the server held', async () => {
    let asked = 0;
    const server: Server = ({ waitMs }) => ({ result: running(), afterMs: ++asked === 4 ? waitMs : 0 });
    const expected = 'wait 0, wait 250, wait 625, wait 1187, wait 51187, wait 51437, wait 51812';
    expect(await schedule(server, UNTIL_DONE, 7)).toBe(expected);
  });

  it('begins anew once a server is back after an outage', async () => {
    const server: Server = ({ kind, atMs }) => {
      if (kind === 'wait') return { result: status(Code.UNIMPLEMENTED), afterMs: 0 };
      return { result: atMs > 1 && atMs < 10_000 ? status(Code.UNAVAILABLE) : running(), afterMs: 0 };
    };
    const expected =
      'wait 0, get 0, get 250, get 625, get 1187, get 2031, get 3296, get 5195, get 8042, get 12314, get 12564, get 12939';
    expect(await schedule(server, UNTIL_DONE, 12)).toBe(expected);
  });
});

describe('a server without GetOperation', () => {
  const withoutGet =
    (wait: Server): Server =>
    (request) =>
      request.kind === 'get' ? { result: status(Code.UNIMPLEMENTED), afterMs: 0 } : wait(request);

  it('that is unavailable is asked by WaitOperation until it is back', async () => {
    const server = withoutGet(({ atMs }) =>
      atMs < 2000 ? { result: status(Code.UNAVAILABLE), afterMs: 0 } : { result: succeeded(), afterMs: 0 },
    );
    const { step, waits } = await simulate(server);
    expect(step).toMatchObject({ kind: 'end', operation: { done: true } });
    expect(waits.length).toBeGreaterThan(2);
  });

  it('that refuses WaitOperation ends the wait with that error', async () => {
    const server = withoutGet(() => ({ result: status(Code.PERMISSION_DENIED), afterMs: 0 }));
    const { step } = await simulate(server);
    expect(step).toMatchObject({ kind: 'fail', error: { code: Code.PERMISSION_DENIED } });
  });
});

describe('the requests of a wait for each change', () => {
  it.each<[string, number, Server, string]>([
    ['held: long polls of the interval', 300, answering(300), 'get 0, wait 0, wait 300, wait 600'],
    [
      'held for 90 % of the interval: they follow each other',
      300,
      answering(270),
      'get 0, wait 0, wait 270, wait 540',
    ],
    ['held for less: at the interval', 300, answering(269), 'get 0, wait 0, wait 269, wait 569, wait 869'],
    [
      'answered at once: with backoff up to the interval',
      1000,
      answering(0),
      'get 0, wait 0, wait 250, wait 625, wait 1187, wait 2031, wait 3031, wait 4031',
    ],
  ])('%s', async (_, intervalMs, server, expected) => {
    expect(await schedule(server, everyChange(intervalMs), expected.split(', ').length)).toBe(expected);
  });

  it('are as long and as far apart as the interval, and no longer than those of other waits', () => {
    expect(everyChange(0.5)).toEqual({ first: 'state', longPollMs: 0.5, maxPauseMs: 0.5 });
    expect(everyChange(40_000)).toEqual({ first: 'state', longPollMs: 40_000, maxPauseMs: 30_000 });
    expect(everyChange(60_000)).toEqual({ first: 'state', longPollMs: 50_000, maxPauseMs: 30_000 });
  });

  it.each([0, -1, Number.NaN])('cannot have an interval of %d ms', (intervalMs) => {
    expect(() => everyChange(intervalMs)).toThrow(TypeError);
    expect(() => everyChange(intervalMs)).toThrow(`intervalMs must be positive, got ${intervalMs}`);
  });
});
