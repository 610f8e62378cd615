import { connect } from 'node:net';
import { Server } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { Code } from '../../../src/core/status.js';
import { createGateway, servePort } from '../../../src/gateway/index.js';
import { operationsSchema } from '../../../src/schema/index.js';
import {
  type AuthorizeStep,
  addHealth,
  createOperations,
  grpcLimits,
  iamPolicy,
  OperationsService,
  staticTokens,
} from '../../../src/server/index.js';
import { closeAfterEach } from '../../helpers/close-after-each.js';
import { frame, rawGrpc } from '../../helpers/raw-grpc.js';

const GET = '/google.longrunning.Operations/GetOperation';
const ADA = { authorization: 'Bearer ada' };

describe('authentication by headers', () => {
  const opened = closeAfterEach();

  async function serve({ anonymous = 'refuse' as 'refuse' | 'allow' } = {}) {
    const asked: string[] = [];
    const tokens = staticTokens([{ token: 'ada', principal: 'user:ada@example.com' }], { anonymous });
    const authenticate: AuthorizeStep = Object.assign(
      (request: Parameters<AuthorizeStep>[0]) => {
        asked.push(request.name);
        return tokens(request);
      },
      { beforeMessage: 'decides' as const },
    );
    const policy = iamPolicy({
      roles: { reader: ['longrunning.operations.get'] },
      bindings: [{ role: 'reader', members: ['user:ada@example.com'], resources: ['operations/**'] }],
    });
    const ended: [string, number][] = [];
    const operations = createOperations({
      methods: [],
      authorize: [authenticate, policy],
      logger: {
        error() {},
        debug: (facts: Record<string, unknown>, message: string) =>
          ended.push([message, facts.code as never]),
      } as never,
    });
    const server = new Server(grpcLimits({ authenticate: operations.authenticate }));
    server.addService(OperationsService, operations.handlers);
    addHealth(server, operations);
    const gateway = createGateway({ operations, descriptors: operationsSchema().registry });
    const port = await servePort({ server, gateway, address: '127.0.0.1:0' });
    opened({
      async [Symbol.asyncDispose]() {
        await operations.close({ graceMs: 0 });
        await port.close({ graceMs: 0 });
        gateway.close();
        server.forceShutdown();
      },
    });
    const raw = rawGrpc(port.address);
    opened({
      async [Symbol.asyncDispose]() {
        raw.session.destroy();
      },
    });
    /** The answer to a call of which the message never comes. */
    const headersOnly = (path: string, headers: Record<string, string>) => {
      const stream = raw.open(path, headers);
      return new Promise<{ status: number; closed: Promise<void> }>((resolve) => {
        const closed = new Promise<void>((done) => stream.resume().on('close', () => done()));
        stream.on('response', (answer) => resolve({ status: Number(answer['grpc-status']), closed }));
      });
    };
    /** Sends these bytes and nothing after them. Resolves to the response. */
    const rest = (bytes: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(port.port, '127.0.0.1');
        let text = '';
        socket.on('data', (chunk) => {
          text += chunk;
          if (!text.endsWith('}')) return;
          socket.destroy();
          resolve(text);
        });
        socket.write(bytes);
      });
    return { raw, headersOnly, rest, asked, ended };
  }

  it.each([
    ['no token', {}],
    ['a token that is not known', { authorization: 'Bearer eve' }],
    ['something else', { authorization: 'Basic eve' }],
  ])(
    'gRPC with %s: UNAUTHENTICATED before the message arrives, and the stream is closed',
    async (_, headers) => {
      const { headersOnly, ended } = await serve();
      const { status, closed } = await headersOnly(GET, headers);
      expect(status).toBe(Code.UNAUTHENTICATED);
      await closed;
      expect(ended).toEqual([['call refused', 'UNAUTHENTICATED']]);
    },
  );

  it.each([
    ['no token', 401, ''],
    ['a token that is not known', 401, 'authorization: Bearer eve\r\n'],
  ])('REST with %s: %i before the body arrives', async (_, status, header) => {
    const { rest } = await serve();
    const head = `POST /v1/operations/a:cancel HTTP/1.1\r\nhost: x\r\n${header}content-type: application/json\r\n`;
    for (const length of ['content-length: 1000000', 'transfer-encoding: chunked']) {
      const answer = await rest(`${head}${length}\r\n\r\n`);
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*www-authenticate: Bearer realm=`, 'i'));
    }
  });

  it('an anonymous caller, if the policy permits anonymous callers nothing: UNAUTHENTICATED before the message arrives', async () => {
    const { headersOnly, rest } = await serve({ anonymous: 'allow' });
    expect((await headersOnly(GET, {})).status).toBe(Code.UNAUTHENTICATED);
    const head = 'POST /v1/operations/a:cancel HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n';
    expect(await rest(head)).toMatch(/^HTTP\/1.1 401 /);
  });

  it('a valid token is verified once per call, over gRPC and REST', async () => {
    const { raw, rest, asked } = await serve();
    const name = Buffer.from('operations/a');
    const request = frame(Buffer.concat([Buffer.from([10, name.length]), name]));
    expect((await raw.call(GET, request, ADA)).grpcStatus).toBe(Code.NOT_FOUND);
    expect(asked).toEqual(['']);
    const get = `GET /v1/operations/a HTTP/1.1\r\nhost: x\r\nauthorization: ${ADA.authorization}\r\n\r\n`;
    expect(await rest(get)).toMatch(/^HTTP\/1.1 404 /);
    expect(asked).toEqual(['', '']);
  });

  it('a resource that the policy does not mention is rejected once it is known', async () => {
    const { raw } = await serve();
    const name = Buffer.from('others/a');
    const request = frame(Buffer.concat([Buffer.from([10, name.length]), name]));
    expect((await raw.call(GET, request, ADA)).grpcStatus).toBe(Code.PERMISSION_DENIED);
  });

  it('unguarded methods are not authorized', async () => {
    const { raw, asked } = await serve();
    const { grpcStatus } = await raw.call('/grpc.health.v1.Health/Check', frame(Buffer.alloc(0)));
    expect([grpcStatus, asked]).toEqual([Code.OK, []]);
  });
});
