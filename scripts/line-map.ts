const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Of the six bits of a digit, the highest says that there are more to come. */
const MORE = 32;

/**
 * The mappings of a source map with one segment for each line, its first: what stack traces and breakpoints need,
 * at a third of the size. They are lists of differences (ECMA-426), so those of what is left out are added up.
 */
export function lineMappings(mappings: string): string {
  let [source, line, column] = [0, 0, 0];
  let told = [0, 0, 0];
  const lines = mappings.split(';').map((segments) => {
    let kept = '';
    for (const segment of segments.split(',')) {
      const [, bySource, byLine = 0, byColumn = 0] = decoded(segment);
      // What has no source has these digits alone.
      if (bySource === undefined) continue;
      source += bySource;
      line += byLine;
      column += byColumn;
      if (kept !== '') continue;
      const here = [source, line, column];
      kept = [0, ...here.map((value, index) => value - (told[index] ?? 0))].map(encoded).join('');
      told = here;
    }
    return kept;
  });
  return lines.join(';');
}

/** The numbers of a segment: base 64, the lowest digit first, the sign in the lowest bit. */
function decoded(segment: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    value |= (bits & (MORE - 1)) << shift;
    shift += 5;
    if (bits & MORE) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

function encoded(number: number): string {
  let text = '';
  let value = number < 0 ? (-number << 1) | 1 : number << 1;
  do {
    const bits = value & (MORE - 1);
    value >>>= 5;
    text += DIGITS[value > 0 ? bits | MORE : bits];
  } while (value > 0);
  return text;
}
