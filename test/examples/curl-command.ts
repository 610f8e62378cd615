/** Parts of a curl command. */
export interface CurlRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const WORD = /'([^']*)'|(\S+)/g;

/**
 * Parses a curl command: words and single quotes; a URL, `-X` and `--json`.
 *
 * @throws Error for anything else.
 */
export function parseCurl(command: string): CurlRequest {
  const words = Array.from(command.matchAll(WORD), ([, quoted, plain]) => quoted ?? plain ?? '');
  if (words.shift() !== 'curl') throw new Error(`${command} is no curl command`);
  let method: string | undefined;
  let url: string | undefined;
  let body: string | undefined;
  while (words.length > 0) {
    const word = words.shift() ?? '';
    if (word === '-X') method = words.shift();
    else if (word === '--json') body = words.shift();
    else if (word.startsWith('http://') && url === undefined) url = word;
    else throw new Error(`${command}: ${word} is not understood here`);
  }
  if (url === undefined) throw new Error(`${command} has no URL`);
  return {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    url,
    headers: body === undefined ? {} : { 'content-type': 'application/json', accept: 'application/json' },
    ...(body !== undefined && { body }),
  };
}
