import type { Command } from 'commander';
import { connectingOptions, googleOption } from './options.js';
import { readProfile } from './profile.js';
import type { Output } from './terminal.js';
import { UsageError } from './usage-error.js';

/** Ways to say as whom to call, of which one is used. */
const IDENTITIES = ['token', 'tokenFile', 'tokenCommand', 'google'];

/** Where values come from, by rising precedence. */
const SOURCES = ['config', 'env', 'cli'];

/** Lets the options of a connection stand before the command, too. The help of each command has them. */
export function acceptEarlyOptions(program: Command): void {
  program.enablePositionalOptions();
  for (const option of [...connectingOptions(), googleOption()]) {
    option.envVar = undefined;
    program.addOption(option.default(undefined).hideHelp());
  }
}

/**
 * Completes the options of a command: by those before it, then the environment, which commander has read, then the
 * profile.
 *
 * @throws UsageError when the command has no such option, options contradict each other, or the profile cannot be read.
 */
export async function settleOptions(program: Command, command: Command, stderr: Output): Promise<void> {
  takeEarlyOptions(program, command);
  refuseEmptyVariables(command);
  if (has(command, 'profile')) {
    const profile = await readProfile(command.getOptionValue('profile'), stderr);
    for (const [name, value] of Object.entries(profile)) {
      const source = command.getOptionValueSource(name);
      if (source !== undefined && source !== 'default') continue;
      command.setOptionValueWithSource(name, value, 'config');
    }
  }
  chooseIdentity(command);
}

function takeEarlyOptions(program: Command, command: Command): void {
  for (const option of program.options) {
    const name = option.attributeName();
    if (program.getOptionValueSource(name) !== 'cli') continue;
    if (!has(command, name)) {
      throw new UsageError(`${option.long} is no option of longrunning ${command.name()}: leave it out`);
    }
    const early = program.getOptionValue(name);
    if (command.getOptionValueSource(name) !== 'cli') command.setOptionValueWithSource(name, early, 'cli');
    else if (name === 'header') command.setOptionValue(name, { ...early, ...command.getOptionValue(name) });
  }
}

/** A variable that is set to nothing is most often one whose value got lost. */
function refuseEmptyVariables(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== 'env' || command.getOptionValue(name) !== '') continue;
    throw new UsageError(`${option.envVar} is empty: set it to the value of ${option.long}, or unset it`);
  }
}

/** Keeps the identity of the highest precedence: a token of the profile is none beside one of the command line. */
function chooseIdentity(command: Command): void {
  const rank = (name: string) => SOURCES.indexOf(command.getOptionValueSource(name) ?? 'default');
  const given = IDENTITIES.filter((name) => rank(name) >= 0);
  const highest = Math.max(...given.map(rank));
  const chosen = given.filter((name) => rank(name) === highest);
  if (chosen.length > 1) {
    const [one, other] = chosen.map((name) => flagsOf(command, name)).reverse();
    throw new UsageError(`option '${one}' cannot be used with option '${other}': give one of them`);
  }
  for (const name of given) {
    if (!chosen.includes(name)) command.setOptionValueWithSource(name, undefined, 'default');
  }
}

function flagsOf(command: Command, name: string): string | undefined {
  return command.options.find((option) => option.attributeName() === name)?.flags;
}

function has(command: Command, name: string): boolean {
  return command.options.some((option) => option.attributeName() === name);
}
