// Writes the descriptor set of `protos/` with all imports, of the standard error details, and of the standard services for
// health and reflection:
//
//     node scripts/build-descriptors.ts generated
//
// The package reads it without comments, which make it six times as large and which only OpenAPI documents need. That
// version is a module, so that bundles contain it.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILES = [
  'protos/example',
  'protos/google',
  'node_modules/google-gax/build/protos/google/rpc/error_details.proto',
  'node_modules/grpc-health-check/proto/health/v1/health.proto',
  'node_modules/@grpc/reflection/build/proto/grpc',
];

const [folder = 'generated'] = process.argv.slice(2);
const buildArgs = ['build', ...FILES.flatMap((path) => ['--path', path])];
execFileSync('buf', [...buildArgs, '-o', join(folder, 'descriptors.binpb')], { stdio: 'inherit' });
const uncommented = execFileSync('buf', [...buildArgs, '--exclude-source-info', '-o', '-']);
writeFileSync(
  join(folder, 'own-descriptors.ts'),
  `// Written by scripts/build-descriptors.ts. Do not edit.
/** The \`google.protobuf.FileDescriptorSet\` of this package, without comments, in base64. */
export const OWN_DESCRIPTORS =
  '${uncommented.toString('base64')}';
`,
);
