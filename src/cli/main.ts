#!/usr/bin/env node
// Old versions of Node must be able to parse this file. Modules with newer syntax are imported after the version check.
import module, { createRequire } from 'node:module';
import { nodeTooOld } from './node-version.js';

const { engines, version } = createRequire(import.meta.url)('longrunning/package.json');
const complaint = nodeTooOld(process.versions.node, engines.node);

if (complaint) {
  console.error(complaint);
  process.exitCode = 2;
} else {
  // Compiling the modules takes longer than running most commands.
  module.enableCompileCache?.();
  import('./program.js').then(({ runProgram }) => runProgram(process, version));
}
