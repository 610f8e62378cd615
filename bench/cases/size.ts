import { fileURLToPath } from 'node:url';
import type { BenchCase } from '../harness/bench-case.ts';
import { installedBytes, packageDirectory } from '../harness/installed-size.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MEGABYTE = 1_000_000;

/** What an application has on its disk. */
export const sizeCases: readonly BenchCase[] = [
  {
    name: 'install-size',
    ours: 'files of the package and its production dependencies',
    theirs: 'files of google-gax and its dependencies',
    async measure() {
      const published = ['dist', 'protos', 'generated/descriptors.binpb', 'README.md', 'package.json'];
      const round = {
        ours: installedBytes(ROOT, published) / MEGABYTE,
        theirs: installedBytes(packageDirectory('google-gax', ROOT)) / MEGABYTE,
      };
      return { main: { quantity: 'megabytes', rounds: [round] }, context: [] };
    },
  },
];
