/**
 * Checks that a value is a bearer token which a header can carry. No message quotes it.
 *
 * @param source - what gives the token, as the error calls it.
 * @throws TypeError that says what is wrong with it, and what to do.
 */
export function assertBearerToken(token: unknown, source: string): asserts token is string {
  if (typeof token !== 'string' || token === '') {
    throw new TypeError(
      `${source} is empty, or no string: give one, a function that gives one, or leave it out`,
    );
  }
  if (token !== token.trim()) {
    const what = /[\r\n]$/.test(token) ? 'ends with a line break' : 'begins or ends with white space';
    throw new TypeError(`${source} ${what}: remove it, as by trim()`);
  }
  const index = token.search(/[^\x20-\x7e]/);
  if (index < 0) return;
  const code = token.charCodeAt(index).toString(16).padStart(4, '0');
  const position = `U+${code.toUpperCase()} as character ${index + 1} of ${token.length}`;
  throw new TypeError(
    `${source} has a character that a header cannot carry (${position}): give a bare token`,
  );
}
