import { suggestion, type WrittenValue } from '../script/written-value.js';

/** Reads one of some words; `besides` says what else a fault may name. */
export function readChoice<Choice extends string>(
  value: WrittenValue,
  choices: readonly Choice[],
  besides = '',
): Choice | undefined {
  const given = value.toJson();
  const known = choices.find((candidate) => candidate === given);
  return known ?? value.fault(`${value} is unknown: ${suggestion(String(given), choices)}${besides}`);
}
