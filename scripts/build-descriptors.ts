// Writes the descriptor set of `protos/` with all imports, and of the error details that any answer may carry:
//
//     node scripts/build-descriptors.ts generated/descriptors.binpb

import { execFileSync } from 'node:child_process';

const FILES = [
  'protos/example',
  'protos/google',
  'node_modules/google-gax/build/protos/google/rpc/error_details.proto',
];

const [output = 'generated/descriptors.binpb'] = process.argv.slice(2);
const paths = FILES.flatMap((path) => ['--path', path]);
execFileSync('buf', ['build', ...paths, '-o', output], { stdio: 'inherit' });
