import { get } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rejection } from '../../../src/conformance/kit-error.js';
import { Code, OperationsClient, type StatusError } from '../../../src/index.js';
import { startTestServer } from '../../../src/testing/index.js';
import { type CertificateMaker, certificateMaker, pem } from '../../helpers/own-certificates.js';

/** Status of a REST request. */
function status(url: string, ca: Buffer): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(url, { ca, servername: 'localhost', agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    request.on('error', reject);
  });
}

describe('a test server with TLS', () => {
  const address = 'localhost:0';
  let certificates: CertificateMaker;
  let server: { readonly cert: Buffer; readonly key: Buffer };
  let client: { readonly cert: Buffer; readonly key: Buffer };
  let files: { readonly certFile: string; readonly keyFile: string };
  beforeAll(async () => {
    certificates = certificateMaker();
    const make = async (name: string) => {
      const { cert, key } = await certificates.make(name);
      return { cert: pem(cert), key: pem(key) };
    };
    server = await make('server');
    const { cert, key } = await certificates.make('server');
    files = { certFile: cert, keyFile: key };
    client = await make('client');
  });
  afterAll(async () => {
    await certificates[Symbol.asyncDispose]();
  });

  it('serves its own client and REST clients that trust its certificate', async () => {
    await using tested = await startTestServer({ address, tls: server });
    const operation = await tested.createOperation();
    const { name } = operation;
    expect(await tested.client.getOperation({ name })).toMatchObject({ done: false });
    expect(tested.url).toMatch(/^https:/);
    expect(await status(`${tested.url}/v1/${name}`, server.cert)).toBe(200);
    await expect(status(`${tested.url}/v1/${name}`, client.cert)).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(tested.calls).toMatchObject([{ over: 'gRPC' }, { over: 'REST' }]);
  });

  it('accepts files', async () => {
    await using tested = await startTestServer({ address, tls: files });
    const { name } = await tested.createOperation();
    expect(await tested.client.getOperation({ name })).toMatchObject({ done: false });
  });

  it('drops the connection of a single call, as without TLS', async () => {
    await using tested = await startTestServer({ address, tls: server });
    const { name } = await tested.createOperation();
    tested.inject({ method: 'GetOperation', effect: 'drop' });
    expect(await tested.client.getOperation({ name })).toMatchObject({ name });
    expect(tested.calls).toMatchObject([{ outcome: { code: 'CANCELLED' } }, { outcome: { code: 'OK' } }]);
  });

  it('requires client certificates if a client CA is given, and its own client has one', async () => {
    const tls = { ...server, clientCa: client.cert, client };
    await using tested = await startTestServer({ address, tls });
    const { name } = await tested.createOperation();
    expect(await tested.client.getOperation({ name })).toMatchObject({ name });
    await using stranger = new OperationsClient({ address: tested.address, tls: { ca: server.cert } });
    const refused = (await rejection(stranger.getOperation({ name }, { timeoutMs: 500 }))) as StatusError;
    expect([Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED]).toContain(refused.code);
    expect(tested.calls).toHaveLength(1);
  });

  it('rejects a certificate that does not match the key', async () => {
    const mixed = { cert: server.cert, key: client.key };
    await expect(startTestServer({ address, tls: mixed })).rejects.toThrow('certificate cannot be used');
  });
});
