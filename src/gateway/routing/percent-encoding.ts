/** Removes percent-encoding. Returns undefined if an escape is malformed or the bytes are not UTF-8. */
export function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text.isWellFormed() ? text : undefined;
  try {
    const decoded = decodeURIComponent(text);
    return decoded.isWellFormed() ? decoded : undefined;
  } catch {
    return undefined;
  }
}

/** Removes percent-encoding except `%2F` and `%2f`. */
export function percentDecodeButSlashes(text: string): string | undefined {
  if (!text.includes('%')) return percentDecode(text);
  const decoded = text.split(/(%2[Ff])/).map((part, index) => (index % 2 === 0 ? percentDecode(part) : part));
  return decoded.includes(undefined) ? undefined : decoded.join('');
}
