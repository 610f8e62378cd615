import type { Command } from 'commander';
import type { Address } from '../../core/address.js';
import { type Profile, readProfile } from '../connection/profile.js';
import { oneLine, UsageError } from '../output/failure.js';
import type { Output } from '../output/terminal.js';
import { connectingOptions, DEFAULT_ADDRESS, googleOption } from './options.js';

/** Options that identify the caller, of which one is used. */
const IDENTITIES = ['token', 'tokenFile', 'tokenCommand', 'google'];

/** Identities that a profile can give. */
const PROFILE_TOKENS = ['token', 'tokenFile', 'tokenCommand'];

/** Sources of option values, by rising precedence. */
const SOURCES = ['config', 'env', 'cli'];

/** Accepts the connection options before the command too. Only the help of each command lists them. */
export function acceptEarlyOptions(program: Command): void {
  program.enablePositionalOptions();
  for (const option of [...connectingOptions(), googleOption()]) {
    option.envVar = undefined;
    program.addOption(option.default(undefined).hideHelp());
  }
}

/**
 * Completes the options of a command from those before it, the environment (which commander reads), and the profile,
 * in this order of precedence.
 *
 * @throws UsageError if the command has no such option, options contradict each other, or the profile cannot be read.
 */
export async function settleOptions(program: Command, command: Command, stderr: Output): Promise<void> {
  takeEarlyOptions(program, command);
  refuseEmptyVariables(command);
  const profile = has(command, 'profile')
    ? await readProfile(command.getOptionValue('profile'), stderr)
    : undefined;
  for (const [name, value] of Object.entries(profile ?? {})) {
    const source = command.getOptionValueSource(name);
    if (source !== undefined && source !== 'default') continue;
    command.setOptionValueWithSource(name, value, 'config');
  }
  chooseIdentity(command);
  if (profile) await withholdToken(profile, command, stderr);
}

/** Drops the token of a profile if the address differs from that of the profile: another server must not get it. */
async function withholdToken(profile: Profile, command: Command, stderr: Output): Promise<void> {
  const fromProfile = PROFILE_TOKENS.filter((name) => command.getOptionValueSource(name) === 'config');
  const { address: own = DEFAULT_ADDRESS } = profile;
  const address: string = command.getOptionValue('address');
  if (fromProfile.length === 0 || (await isSameServer(String(own), address))) return;
  for (const name of fromProfile) command.setOptionValueWithSource(name, undefined, 'default');
  const advice = 'give --token, --token-file or --token-command, or a --profile with that address';
  stderr.write(`${oneLine(`token of the profile is for ${own} and is not sent to ${address}: ${advice}`)}\n`);
}

/** Returns true if both addresses have the same host, port and security. A malformed address equals no other. */
async function isSameServer(one: string, other: string): Promise<boolean> {
  if (one === other) return true;
  // Loaded lazily, so that usage errors are reported without the client.
  const { parseAddress } = await import('../../core/address.js');
  try {
    const [a, b] = [one, other].map(parseAddress);
    return a !== undefined && b !== undefined && a.tls === b.tls && hostAndPort(a) === hostAndPort(b);
  } catch {
    return false;
  }
}

/** Normalizes a target: without the default scheme of grpc-js, and with its default port. */
function hostAndPort({ target }: Address): string {
  const name = target.replace(/^dns:(?:\/\/\/)?/i, '').toLowerCase();
  return name.startsWith('unix') || /:\d+$/.test(name) ? name : `${name}:443`;
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

/** Rejects empty environment variables, which usually indicate a lost value. */
function refuseEmptyVariables(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== 'env' || command.getOptionValue(name) !== '') continue;
    throw new UsageError(`${option.envVar} is empty: set it to the value of ${option.long}, or unset it`);
  }
}

/** Keeps the identity of the highest precedence: a token of the command line replaces one of the profile. */
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
