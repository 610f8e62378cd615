import type { Command, Option } from 'commander';

/** Possible next word. */
export interface Candidate {
  readonly word: string;
  /** Description in one line. */
  readonly description: string;
}

/** Possible next words, and the kind of paths that the shell adds. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly paths: 'none' | 'files' | 'directories';
}

const NOTHING: Completion = { candidates: [], paths: 'none' };

/**
 * Completes a command line from the commands and their options.
 *
 * @param words - words after the program name; the last one is being typed and may be empty.
 */
export function completionOf(program: Command, words: readonly string[]): Completion {
  const typed = words.at(-1) ?? '';
  let command = program;
  let operands = 0;
  let expecting: Option | undefined;
  let optionsEnded = false;
  for (const word of words.slice(0, -1)) {
    // Bash splits --option=value into three words.
    if (expecting && word === '=') continue;
    if (expecting) expecting = undefined;
    else if (optionsEnded || !word.startsWith('-')) {
      const called = command === program ? commandNamed(program, word) : undefined;
      // `help` is followed by a command.
      if (command === program && !called && word !== 'help') return NOTHING;
      if (called) command = called;
      else operands++;
    } else if (word === '--') optionsEnded = true;
    else expecting = word.includes('=') ? undefined : optionWithValue(command, word);
  }
  if (expecting) return valueCompletion(expecting, typed === '=' ? '' : typed, '');
  if (optionsEnded || !typed.startsWith('-')) return operandCompletion(program, command, operands, typed);
  const [flag = '', value] = typed.split(/=(.*)/s, 2);
  const option = value === undefined ? undefined : optionWithValue(command, flag);
  return option ? valueCompletion(option, value ?? '', `${flag}=`) : optionCompletion(command, typed);
}

function commandNamed(program: Command, name: string): Command | undefined {
  return program.commands.find((command) => command.name() === name);
}

function optionWithValue(command: Command, flag: string): Option | undefined {
  const option = command.options.find(({ long, short }) => long === flag || short === flag);
  return option && (option.required || option.optional) ? option : undefined;
}

function optionCompletion(command: Command, typed: string): Completion {
  // The help of the program hides the options that are also accepted before a command.
  const options = new Set([...command.options, ...command.createHelp().visibleOptions(command)]);
  const candidates = [...options].flatMap(({ long, description }) =>
    long ? [{ word: long, description: firstLine(description) }] : [],
  );
  return { candidates: matching(candidates, typed), paths: 'none' };
}

function valueCompletion(option: Option, typed: string, prefix: string): Completion {
  const choices = (option.argChoices ?? []).map((choice) => ({ word: choice, description: '' }));
  const candidates = matching(choices, typed).map(({ word }) => ({ word: prefix + word, description: '' }));
  if (/<file>/.test(option.flags)) return { candidates, paths: 'files' };
  return { candidates, paths: /<directory>/.test(option.flags) ? 'directories' : 'none' };
}

function operandCompletion(program: Command, command: Command, index: number, typed: string): Completion {
  if (command === program) {
    const commands = program.createHelp().visibleCommands(program);
    const candidates = commands.map((each) => ({
      word: each.name(),
      description: firstLine(each.description()),
    }));
    return { candidates: matching(candidates, typed), paths: 'none' };
  }
  const choices = command.registeredArguments[index]?.argChoices ?? [];
  return {
    candidates: matching(
      choices.map((word) => ({ word, description: '' })),
      typed,
    ),
    paths: 'none',
  };
}

function matching(candidates: readonly Candidate[], typed: string): Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(typed));
}

/** Returns the first sentence, without tabs and line breaks. */
function firstLine(text: string): string {
  return (text.split(/(?<=\.)\s/)[0] ?? '').replace(/\s+/g, ' ');
}
