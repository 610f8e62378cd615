import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ErrorInfo, RetryInfo } from '../../../generated/google/rpc/error_details.js';
import { pack } from '../../../src/core/any.js';
import { Code, StatusError } from '../../../src/core/status.js';
import { AccessError, bearerChallenge } from '../../../src/server/access/access-error.js';
import { type AuthorizeStep, type CallFacts, GrpcCallFacts } from '../../../src/server/access/call-facts.js';
import { Gate } from '../../../src/server/access/gate.js';

const FACTS: CallFacts = {
  method: '/google.longrunning.Operations/GetOperation',
  name: 'operations/1',
  headers: { 'x-tenant': 'a' },
  peer: '192.0.2.7:1',
};

const admit = (authorization: AuthorizeStep | readonly AuthorizeStep[], facts = FACTS) =>
  new Gate(authorization).admit(facts);

/** A step that returns what TypeScript would not allow. */
const returning = (value: unknown) => (() => value) as unknown as AuthorizeStep;

const refusing = (error: StatusError): AuthorizeStep => {
  return () => {
    throw error;
  };
};

const grpcFacts = () =>
  new GrpcCallFacts(FACTS.method, FACTS.name, { metadata: new Metadata(), getPeer: () => FACTS.peer });

describe('a gate (contract 31)', () => {
  it('passes the facts to each step, with the caller that earlier steps identified', async () => {
    const asked: unknown[] = [];
    const note: AuthorizeStep = (call) => {
      const { method, name, headers, peer } = call;
      asked.push({ method, name, headers, peer }, (call as unknown as { caller: object }).caller);
      return undefined;
    };
    const found = returning({ caller: { principal: 'user:a' } });
    const { caller } = await admit([note, found, note]);
    expect(asked).toEqual([FACTS, {}, FACTS, { principal: 'user:a' }]);
    expect(caller).toEqual({ principal: 'user:a' });
  });

  it.each([
    ['false', false],
    ['null', null],
    ['a text', 'yes'],
    ['a caller that is null', { caller: null }],
    ['a caller that is a text', { caller: 'user:a' }],
    ['a principal that is a number', { caller: { principal: 5 } }],
    ['a principal that is no well-formed text', { caller: { principal: '\ud800' } }],
    ['a string as members', { caller: { members: 'user:a' } }],
    ['a number among the members', { caller: { members: ['user:a', 5] } }],
    ['an object among the scopes', { caller: { scopes: ['a', {}] } }],
    ['shows that is not a function', { shows: true }],
  ])('denies access for %s', async (_what, value) => {
    await expect(admit(returning(value))).rejects.toThrow(TypeError);
  });

  it.each([
    [null, 'authorize returned null: return an object or undefined'],
    [false, 'authorize returned a value of type boolean: return an object or undefined'],
    [{ shows: 1 }, 'authorize returned shows of type number: it must be a function'],
  ])('names the invalid result of a step: %p', async (value, message) => {
    await expect(admit(returning(value))).rejects.toThrow(message);
  });

  it('shows an operation only if `shows` returns true', async () => {
    const shown = async (value: unknown) => (await admit(returning({ shows: () => value }))).shows;
    expect((await shown(true))?.('a')).toBe(true);
    expect((await shown(1))?.('a')).toBe(false);
    const promised = await shown(Promise.resolve(true));
    expect(() => promised?.('a')).toThrow(TypeError);
  });

  it('shows an operation only if every step that restricts lists does', async () => {
    const names = ['a', 'b', 'c', 'd'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(fc.subarray(names), { nil: undefined }), { maxLength: 4 }),
        fc.nat({ max: 4 }),
        fc.boolean(),
        async (steps, early, isAsync) => {
          const authorization = steps.map((shown, index) => {
            const result = shown ? { shows: (name: string) => shown.includes(name) } : undefined;
            return Object.assign(
              returning(isAsync ? Promise.resolve(result) : result),
              index < early && { beforeMessage: 'decides' as const },
            );
          });
          const gate = new Gate(authorization);
          const facts = grpcFacts();
          await gate.authenticate(facts);
          const { shows } = await gate.admit(facts);
          const restricting = steps.filter((shown) => shown !== undefined);
          expect(shows === undefined).toBe(restricting.length === 0);
          for (const name of names) {
            expect(shows?.(name) ?? true).toBe(restricting.every((shown) => shown.includes(name)));
          }
        },
      ),
    );
  });

  it('keeps the caller of an earlier step unless a later one returns another', async () => {
    const found = (principal: string) => returning({ caller: { principal } });
    const nothing = returning(undefined);
    const shows = returning({ shows: () => true });
    expect((await admit([found('a'), nothing, shows])).caller).toEqual({ principal: 'a' });
    expect((await admit([found('a'), found('b'), nothing])).caller).toEqual({ principal: 'b' });
    expect((await admit([])).caller).toEqual({});
  });

  it.each([
    ['a name', 'operations/1', 'operations/1'],
    ['a name of 1,024 bytes', 'é'.repeat(512), 'é'.repeat(512)],
    ['a longer name, clipped to 200 bytes', 'e'.repeat(1025), `${'e'.repeat(197)}…`],
    ['a name that is no well-formed text', 'operations/\ud800', 'operations/\ufffd'],
  ])('names permission and resource in a rejection: %s', async (_what, name, resource) => {
    const refuse = refusing(new StatusError(Code.PERMISSION_DENIED, 'no'));
    const refused = (await admit(refuse, { ...FACTS, name }).catch(
      (thrown: unknown) => thrown,
    )) as AccessError;
    expect(refused.detail(ErrorInfo)).toEqual({
      reason: 'PERMISSION_DENIED',
      domain: expect.any(String),
      metadata: { permission: 'longrunning.operations.get', resource },
    });
  });

  it('keeps details and metadata of a rejection, with ErrorInfo first', async () => {
    const own = pack(ErrorInfo, { reason: 'OWN', domain: 'acme', metadata: { resource: 'mine', more: '1' } });
    const other = pack(RetryInfo, { retryDelay: { seconds: 1, nanos: 0 } });
    const refuse = refusing(new StatusError(Code.PERMISSION_DENIED, 'no', [other, own]));
    const refused = (await admit(refuse).catch((thrown: unknown) => thrown)) as AccessError;
    expect(refused.details).toHaveLength(2);
    expect(refused.details[1]).toEqual(other);
    expect(refused.detail(ErrorInfo)).toMatchObject({
      reason: 'OWN',
      domain: 'acme',
      metadata: { permission: 'longrunning.operations.get', resource: 'mine', more: '1' },
    });
  });

  it('names no resource if it rejects a call before the message was read', async () => {
    const refuse = Object.assign(refusing(new StatusError(Code.UNAUTHENTICATED, 'who?')), {
      beforeMessage: 'decides' as const,
    });
    const refused = await new Gate(refuse).authenticate(grpcFacts()).catch((thrown: unknown) => thrown);
    expect((refused as AccessError).detail(ErrorInfo)?.metadata).toEqual({
      permission: 'longrunning.operations.get',
    });
  });

  it.each([
    ['UNAUTHENTICATED', new StatusError(Code.UNAUTHENTICATED, 'who?'), bearerChallenge()],
    ['PERMISSION_DENIED', new StatusError(Code.PERMISSION_DENIED, 'no'), undefined],
    [
      'a challenge of its own',
      new AccessError(new StatusError(Code.UNAUTHENTICATED, 'who?'), 'Basic'),
      'Basic',
    ],
  ])('rejects with the challenge of %s', async (_what, error, challenge) => {
    const refused = await admit(refusing(error)).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(AccessError);
    expect(refused).toMatchObject({ code: error.code, message: error.message, challenge });
  });

  it('runs each step once, before or after the message', async () => {
    const asked: string[] = [];
    const step = (id: string, beforeMessage?: 'decides') =>
      Object.assign(() => void asked.push(id), beforeMessage && { beforeMessage });
    const gate = new Gate([step('a', 'decides'), step('b'), step('c')]);
    const facts = grpcFacts();
    await gate.authenticate(facts);
    expect(asked).toEqual(['a']);
    await gate.admit(facts);
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  it('is ready once all its steps are, and fails if one of them does', async () => {
    const loading = Promise.withResolvers<void>();
    const readyWith = (ready: () => Promise<void>) => Object.assign(returning(undefined), { ready });
    let isReady = false;
    const ready = new Gate([
      returning(undefined),
      readyWith(async () => {}),
      readyWith(() => loading.promise),
    ])
      .ready()
      .then(() => {
        isReady = true;
      });
    await new Promise(setImmediate);
    expect(isReady).toBe(false);
    loading.resolve();
    await ready;
    const broken = new Error('no keys');
    const steps = [readyWith(async () => {}), readyWith(() => Promise.reject(broken))];
    await expect(new Gate(steps).ready()).rejects.toBe(broken);
  });

  it('names the permission according to the first step that knows it', async () => {
    const knowing = (permission: string) =>
      Object.assign(returning(undefined), { permissionFor: () => permission });
    const refuse = refusing(new StatusError(Code.PERMISSION_DENIED, 'no'));
    const steps = [returning(undefined), knowing('a.b.c'), knowing('d.e.f'), refuse];
    const refused = (await admit(steps).catch((thrown: unknown) => thrown)) as AccessError;
    expect(refused.detail(ErrorInfo)?.metadata).toMatchObject({ permission: 'a.b.c' });
  });

  it('passes on errors that are not rejections unchanged', async () => {
    const error = new StatusError(Code.UNAVAILABLE, 'key server is away');
    expect(await admit(refusing(error)).catch((thrown: unknown) => thrown)).toMatchObject({
      code: Code.UNAVAILABLE,
      details: [],
    });
  });
});
