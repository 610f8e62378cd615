// Writes the descriptor set of `protos/` with all imports, of the standard error details, and of the standard services for
// health and reflection:
//
//     node scripts/build-descriptors.ts generated
//
// Two versions are written, because comments make it six times as large and only OpenAPI documents need them.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const FILES = [
  'protos/example',
  'protos/google',
  'node_modules/google-gax/build/protos/google/rpc/error_details.proto',
  'node_modules/grpc-health-check/proto/health/v1/health.proto',
  'node_modules/@grpc/reflection/build/proto/grpc',
];

const [folder = 'generated'] = process.argv.slice(2);
const paths = FILES.flatMap((path) => ['--path', path]);
build('descriptors.binpb');
build('descriptors-uncommented.binpb', '--exclude-source-info');

function build(file: string, ...options: string[]): void {
  execFileSync('buf', ['build', ...paths, ...options, '-o', join(folder, file)], { stdio: 'inherit' });
}
