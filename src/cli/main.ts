#!/usr/bin/env node
// This file is read by every Node, however old: what only a new one can read is imported once that is known.
import module, { createRequire } from 'node:module';
import { nodeTooOld } from './node-version.js';

const { engines, version } = createRequire(import.meta.url)('longrunning/package.json');
const complaint = nodeTooOld(process.versions.node, engines.node);

if (complaint) {
  console.error(complaint);
  process.exitCode = 2;
} else {
  // Compiling what the commands load takes longer than running most of them.
  module.enableCompileCache();
  import('./program.js').then(({ runProgram }) => runProgram(process, version));
}
