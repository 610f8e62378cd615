// Writes the descriptor set of `protos/` with all imports, of the error details that any answer may carry, and of the
// standard services that tell of a server, health and reflection:
//
//     node scripts/build-descriptors.ts generated/descriptors.binpb

import { execFileSync } from 'node:child_process';

const FILES = [
  'protos/example',
  'protos/google',
  'node_modules/google-gax/build/protos/google/rpc/error_details.proto',
  'node_modules/grpc-health-check/proto/health/v1/health.proto',
  'node_modules/@grpc/reflection/build/proto/grpc',
];

const [output = 'generated/descriptors.binpb'] = process.argv.slice(2);
const paths = FILES.flatMap((path) => ['--path', path]);
execFileSync('buf', ['build', ...paths, '-o', output], { stdio: 'inherit' });
