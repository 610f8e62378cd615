/** The modulus and multiplier of Park and Miller's "minimal standard" generator, the latter as they revised it. */
const MODULUS = 2 ** 31 - 1;
const MULTIPLIER = 48_271;

/**
 * Gives numbers from 0 up to 1, the same ones for the same seed.
 *
 * @param seed - a whole number, 1 or more.
 */
export function seededRandom(seed: number): () => number {
  let state = seed % MODULUS;
  const next = () => {
    state = (state * MULTIPLIER) % MODULUS;
    return state / MODULUS;
  };
  // The first number of a small seed is small, whichever it is.
  next();
  return next;
}
