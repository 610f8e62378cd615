import { describe, expect, it, jest } from '@jest/globals';
import { OperationsClient } from 'longrunning';
import { endedRecord } from '../../src/conformance/records.js';
import { PARENT } from '../../src/conformance/reports-server.js';
import type { OperationStore } from '../../src/server/index.js';
import { exampleService } from '../../src/testing/faking/example.js';
import { run } from '../cli/command-line.js';
import { closeAfterEach } from '../helpers/close-after-each.js';
import { serveFakes } from '../helpers/served-fakes.js';
import { STORES } from '../stores/stores.js';

jest.setTimeout(300_000);

const MIB = 1024 * 1024;

/** Many operations at once, so that a store may write them in few transactions. */
const AT_ONCE = 20;

const SIZES = [
  { title: '1,000 operations of 100 KB', count: 1000, bytes: 100_000, largestPage: 31 },
  { title: '20 operations of 3.9 MB', count: 20, bytes: 3_900_000, largestPage: 1 },
];

/** Names; those created at once may be listed in any order. */
async function fill(store: OperationStore, count: number, bytes: number): Promise<string[]> {
  const names: string[] = [];
  const value = Buffer.alloc(bytes, 0xa5);
  const result = { $case: 'response', value: { typeUrl: 'type.googleapis.com/acme.Blob', value } } as const;
  for (let id = 0; id < count; ) {
    const records = Array.from({ length: Math.min(AT_ONCE, count - id) }, () =>
      store.create(endedRecord(`${id++}`, Number.POSITIVE_INFINITY, { result })),
    );
    for (const { name } of await Promise.all(records)) names.push(name);
  }
  return names;
}

describe.each(STORES)('a listing of large operations in $name (contract 51)', ({ open }) => {
  const opened = closeAfterEach();

  it.each(SIZES)('$title: over gRPC, REST and the command line', async ({ count, bytes, largestPage }) => {
    const store = await open();
    const { schema } = await exampleService();
    const script = 'default: { durationMs: 600000 }';
    const { address } = opened(await serveFakes({ schema, script, operations: { store } }));
    const created = await fill(store, count, bytes);

    const client = opened(new OperationsClient({ address }));
    const overGrpc: string[][] = [];
    for await (const page of client.list({ name: PARENT }).pages()) {
      overGrpc.push(page.map(({ name }) => name));
    }
    const names = overGrpc.flat();
    expect([...names].sort()).toEqual([...created].sort());
    expect(Math.max(...overGrpc.map(({ length }) => length))).toBe(largestPage);
    expect(overGrpc).toHaveLength(Math.ceil(count / largestPage));

    const overRest: string[] = [];
    let longest = 0;
    for (let pageToken = ''; ; ) {
      const url = `http://${address}/v1/${PARENT}/operations?pageSize=1000&pageToken=${pageToken}`;
      const text = await (await fetch(url)).text();
      longest = Math.max(longest, text.length);
      const page = JSON.parse(text);
      overRest.push(...page.operations.map(({ name }: { readonly name: string }) => name));
      pageToken = page.nextPageToken ?? '';
      if (pageToken === '') break;
    }
    expect(overRest).toEqual(names);
    // Base64 takes four bytes for three.
    expect(longest).toBeLessThan((Math.max(3 * MIB, bytes) * 4) / 3 + 0.1 * MIB);

    const { code, stdout, stderr } = await run(['list', PARENT, '--all'], { address });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const rows = stdout.trimEnd().split('\n').slice(1);
    expect(rows.map((row) => row.split(' ')[0])).toEqual(names);
  });
});
