import type { Answer } from './http-client.js';

/** What an answer says of its error. */
export function errorOf({ json }: Answer): { code: number; status: string; message: string } {
  return (json as { error: { code: number; status: string; message: string } }).error;
}

/** The head of a request, to be sent raw. */
export function head(line: string, ...headers: string[]): string {
  return `${[`${line} HTTP/1.1`, 'host: x', ...headers].join('\r\n')}\r\n\r\n`;
}

/** The statuses of raw answers. */
export function statuses(text: string): number[] {
  return Array.from(text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => Number(status));
}
