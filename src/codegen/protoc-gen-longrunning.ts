#!/usr/bin/env node
import { createRequire } from 'node:module';
import { OPTIONS_HELP } from './options.js';

const HELP = `protoc-gen-longrunning: a plug-in of protoc and buf. For each service with methods that return
google.longrunning.Operation it writes, beside ts-proto's x.ts, an x.operations.ts with the path and the types
of each of these methods, for the client and the server of the package longrunning.

It reads a google.protobuf.compiler.CodeGeneratorRequest and writes a CodeGeneratorResponse, so it is not run by
hand: see docs/codegen.md.

${OPTIONS_HELP}
`;

if (['-h', '--help'].includes(process.argv[2] ?? '')) {
  process.stdout.write(HELP);
} else {
  await main();
}

/**
 * Runs the plug-in. protoplugin is a dev dependency of the application: it includes its own TypeScript, which only code
 * generation needs.
 */
async function main(): Promise<void> {
  try {
    const { runNodeJs } = await import('@bufbuild/protoplugin');
    const { operationsPlugin } = await import('./plugin.js');
    const { version } = createRequire(import.meta.url)('longrunning/package.json');
    runNodeJs(operationsPlugin(version));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    process.stderr.write(
      'protoc-gen-longrunning needs @bufbuild/protoplugin: npm install --save-dev @bufbuild/protoplugin\n',
    );
    process.exitCode = 1;
  }
}
