// Writes docs/benchmarks.md and its plots from the stored results, without measuring:
//
//     node bench/report.ts

import { writePage } from './harness/stored-run.ts';

await writePage();
