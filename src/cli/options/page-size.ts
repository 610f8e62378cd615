import { InvalidArgumentError } from 'commander';

/** The largest page that servers give (CONTRACT 26): all there is with the fewest calls. */
export const LARGEST_PAGE = 1000;

/** @throws InvalidArgumentError when it is no whole number from 1. */
export function readPageSize(text: string): number {
  const size = Number(text);
  if (!/^\d{1,9}$/.test(text) || size === 0)
    throw new InvalidArgumentError('Write a whole number, 1 or more.');
  return size;
}
