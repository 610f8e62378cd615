import { Command } from 'commander';

// A program of commander alone, to hold the start of ours against.
const program = new Command('bare').description('Long-running operations.').version('1.0.0');
for (const name of ['get', 'list', 'cancel', 'delete', 'wait', 'start', 'serve', 'openapi', 'completion'])
  program.command(name).description(`The command ${name}.`);
await program.parseAsync();
