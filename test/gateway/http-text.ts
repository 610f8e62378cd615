import type { Answer } from './http-client.js';

/** Error in a response body. */
export function errorOf({ json }: Answer): { code: number; status: string; message: string } {
  return (json as { error: { code: number; status: string; message: string } }).error;
}

/** Head of a raw request. */
export function head(line: string, ...headers: string[]): string {
  return `${[`${line} HTTP/1.1`, 'host: x', ...headers].join('\r\n')}\r\n\r\n`;
}

/** Status codes of raw responses. */
export function statuses(text: string): number[] {
  return Array.from(text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => Number(status));
}
