import { Command, type Help } from 'commander';
import { EXIT_CODES_HELP } from './output/failure.js';

/** Command with its place in the help of the program, and an example. */
interface Listed {
  /** Group in the help of the program. */
  readonly group: 'Work with operations:' | 'Serve and describe:' | 'Shell:';
  /** One line of at most 50 characters. */
  readonly summary: string;
  /** Command line that works as it is, or after replacing names. */
  readonly example: string;
}

const WORK = 'Work with operations:';
const SERVE = 'Serve and describe:';
const SHELL = 'Shell:';

const LISTED: Readonly<Record<string, Listed>> = {
  start: {
    group: WORK,
    summary: 'call a method that starts an operation',
    example: `longrunning start Reports/ExportReport '{"parent": "projects/p/locations/l"}' --wait`,
  },
  get: {
    group: WORK,
    summary: 'show the state of an operation',
    example: 'longrunning get projects/p/locations/l/operations/1 --json',
  },
  list: {
    group: WORK,
    summary: 'list the operations under a parent',
    example: `longrunning list projects/p/locations/l --filter 'done = false' --all --json | jq -r .name`,
  },
  wait: {
    group: WORK,
    summary: 'wait for an operation; its outcome is the exit code',
    example: 'longrunning wait projects/p/locations/l/operations/1 --timeout 10m && echo succeeded',
  },
  watch: {
    group: WORK,
    summary: 'print each change of one or of many operations',
    example: 'longrunning watch projects/p/locations/l',
  },
  cancel: {
    group: WORK,
    summary: 'request cancellation of an operation',
    example: 'longrunning cancel projects/p/locations/l/operations/1 --wait',
  },
  delete: {
    group: WORK,
    summary: 'delete an operation; its work continues',
    example: 'longrunning delete projects/p/locations/l/operations/1',
  },
  serve: {
    group: SERVE,
    summary: 'serve operations, and fake the services of protos',
    example: 'longrunning serve --proto acme/jobs.proto --include protos --script jobs.yaml --watch',
  },
  'init-script': {
    group: SERVE,
    summary: 'print a template for serve --script',
    example: 'longrunning init-script --proto acme/jobs.proto --include protos > jobs.yaml',
  },
  openapi: {
    group: SERVE,
    summary: 'print OpenAPI 3.1 of services',
    example: 'longrunning openapi --proto acme/jobs.proto --include protos --yaml > openapi.yaml',
  },
  completion: {
    group: SHELL,
    summary: 'print a script that completes command lines',
    example: 'source <(longrunning completion bash)',
  },
};

/** Adds group, summary, example and exit codes to a command that the help of the program lists. */
export function listed(command: Command): Command {
  const entry = LISTED[command.name()];
  if (!entry) throw new TypeError(`command ${command.name()} has no entry in the help: add one`);
  const { group, summary, example } = entry;
  return command
    .helpGroup(group)
    .summary(summary)
    .addHelpText('after', `\nExample:\n  ${example}`)
    .addHelpText('after', EXIT_CODES_HELP);
}

/** Layout of the help of the program, which fits on one screen. Commands have the layout of commander. */
export const PROGRAM_HELP: Partial<Help> = {
  commandUsage: () => 'longrunning <command> [options]',
  subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(termOf)].join(' '),
  visibleOptions: () => [],
};

function termOf(argument: { readonly required: boolean; name(): string }): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}

/** Creates the command that shows the help of another one. */
export function helpCommand(): Command {
  return new Command('help')
    .argument('[command]')
    .description('show the help of a command')
    .helpGroup(SHELL)
    .helpOption(false);
}

/** Last line of the help of the program. */
export const PROGRAM_FOOTER = '\nlongrunning <command> --help shows options, an example and the exit codes.';
