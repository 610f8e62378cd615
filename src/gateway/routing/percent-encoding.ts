/** Text without its percent-encoding; undefined when an escape is malformed or the bytes are no UTF-8. */
export function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text.isWellFormed() ? text : undefined;
  try {
    const decoded = decodeURIComponent(text);
    return decoded.isWellFormed() ? decoded : undefined;
  } catch {
    return undefined;
  }
}

/** The same, but `%2F` and `%2f` keep their spelling. */
export function percentDecodeButSlashes(text: string): string | undefined {
  if (!text.includes('%')) return percentDecode(text);
  const decoded = text.split(/(%2[Ff])/).map((part, index) => (index % 2 === 0 ? percentDecode(part) : part));
  return decoded.includes(undefined) ? undefined : decoded.join('');
}
