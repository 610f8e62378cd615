// Keeps operations in a store of your own: they survive their server. Run it: npm run build && node examples/custom-store.ts
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import { createOperations } from 'longrunning/server';
import { leasedStore } from 'longrunning/store';
import { JournalRecords } from './journal-store.ts';
import { exportReport } from './reports/methods.ts';

const file = join(mkdtempSync(join(tmpdir(), 'longrunning-')), 'operations.journal');
const start = () => {
  const store = leasedStore(new JournalRecords(file), { leaseMs: 15_000, pollMs: 1000 });
  return createOperations({ store, methods: [exportReport] });
};

const first = start();
const request = { parent: 'projects/example/locations/europe-west3', title: 'July' };
const { name } = await first.start(exportReport, request);
await first.close({ graceMs: 0 }); // the work is released to the next server

await using second = start();
console.log(await second.operation(name, ReportsOperations.exportReport).result());
