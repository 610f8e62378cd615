import { suggestion, type WrittenValue } from '../script/written-value.js';

/** Reads one of several words. `besides` describes further alternatives in the fault. */
export function readChoice<Choice extends string>(
  value: WrittenValue,
  choices: readonly Choice[],
  besides = '',
): Choice | undefined {
  const given = value.toJson();
  const known = choices.find((candidate) => candidate === given);
  return known ?? value.fault(`${value} is unknown: ${suggestion(String(given), choices)}${besides}`);
}
