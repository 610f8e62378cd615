import { request } from 'node:http';

/** Asks by REST, on a connection of its own. */
export function getJson(port: number, path: string): Promise<{ status: number; json: { done?: boolean } }> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, json: JSON.parse(Buffer.concat(chunks).toString()) }),
      );
    });
    asking.on('error', reject);
    asking.end();
  });
}
