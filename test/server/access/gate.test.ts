import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
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

describe('a gate (contract 31)', () => {
  it('tells each step the facts, and the caller that the steps before it found', async () => {
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
    ['members that are a text', { caller: { members: 'user:a' } }],
    ['one member that is a number', { caller: { members: ['user:a', 5] } }],
    ['one scope that is an object', { caller: { scopes: ['a', {}] } }],
    ['shows that is no function', { shows: true }],
  ])('lets nobody in by %s', async (_what, value) => {
    await expect(admit(returning(value))).rejects.toThrow(TypeError);
  });

  it('shows an operation only if shows returns true', async () => {
    const shown = async (value: unknown) => (await admit(returning({ shows: () => value }))).shows;
    expect((await shown(true))?.('a')).toBe(true);
    expect((await shown(1))?.('a')).toBe(false);
    const promised = await shown(Promise.resolve(true));
    expect(() => promised?.('a')).toThrow(TypeError);
  });

  it.each([
    ['UNAUTHENTICATED', new StatusError(Code.UNAUTHENTICATED, 'who?'), bearerChallenge()],
    ['PERMISSION_DENIED', new StatusError(Code.PERMISSION_DENIED, 'no'), undefined],
    [
      'a challenge of its own',
      new AccessError(new StatusError(Code.UNAUTHENTICATED, 'who?'), 'Basic'),
      'Basic',
    ],
  ])('refuses with the challenge of %s', async (_what, error, challenge) => {
    const refused = await admit(refusing(error)).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(AccessError);
    expect(refused).toMatchObject({ code: error.code, message: error.message, challenge });
  });

  it('asks each step once, whether before the message or after it', async () => {
    const asked: string[] = [];
    const step = (id: string, beforeMessage?: 'decides') =>
      Object.assign(() => void asked.push(id), beforeMessage && { beforeMessage });
    const gate = new Gate([step('a', 'decides'), step('b'), step('c')]);
    const call = { metadata: new Metadata(), getPeer: () => FACTS.peer };
    const facts = new GrpcCallFacts(FACTS.method, FACTS.name, call);
    await gate.authenticate(facts);
    expect(asked).toEqual(['a']);
    await gate.admit(facts);
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  it('passes on an error that refuses nobody as it is', async () => {
    const error = new StatusError(Code.UNAVAILABLE, 'key server is away');
    expect(await admit(refusing(error)).catch((thrown: unknown) => thrown)).toMatchObject({
      code: Code.UNAVAILABLE,
      details: [],
    });
  });
});
