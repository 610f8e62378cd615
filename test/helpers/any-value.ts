import fc from 'fast-check';

/** Any string of UTF-16 code units, including lone surrogates, control characters and characters outside the BMP. */
export function anyString(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.oneof(fc.integer({ min: 0xd7f0, max: 0xe010 }), fc.integer({ min: 0, max: 0xffff })), {
        maxLength: 40,
      })
      .map((units) => String.fromCharCode(...units)),
    fc
      .tuple(fc.constantFrom('x', '漢', '😀', '\ud83d', '\n', '%', ' '), fc.integer({ min: 1, max: 3000 }))
      .map(([unit, count]) => `${unit.repeat(count)}😀yy`),
  );
}

/**
 * Creates any JavaScript value that may be thrown, including values that throw when they are read. fast-check
 * itself cannot handle those.
 */
export function anyThrown(): fc.Arbitrary<() => unknown> {
  const plain: fc.Arbitrary<unknown> = fc.oneof(
    fc.anything(),
    anyString(),
    anyString().map((message) => new Error(message)),
    fc.record(
      { code: fc.anything(), message: fc.anything(), details: fc.anything(), metadata: fc.anything() },
      { requiredKeys: [] },
    ),
    fc
      .record({ code: fc.anything(), message: fc.anything(), details: fc.anything(), cause: fc.anything() })
      .map((properties) => Object.assign(new Error(), properties)),
  );
  return fc.oneof({ weight: 3, arbitrary: plain.map((value) => () => value) }, fc.constantFrom(...HOSTILE));
}

/** Values each of which has once broken error-handling code. */
export const HOSTILE: readonly (() => unknown)[] = [
  () => Object.create(null),
  () => Symbol('thrown'),
  () => 5n,
  () => ({
    toString() {
      throw new Error('toString');
    },
  }),
  () => ({ toString: () => 5, valueOf: () => ({}) }),
  () => throwingGetters({}),
  () => throwingGetters(new Error('getters')),
  () => throwingProxy({}),
  () => throwingProxy(new Error('proxy')),
  () => revokedProxy(),
  () => Object.assign(new Error('x'), { message: Object.create(null) }),
  () => Object.assign(new Error('circular'), circular()),
  () => new Error('x'.repeat(10 * 1024 * 1024)),
  () => 'x'.repeat(10 * 1024 * 1024),
];

function throwingGetters(target: object): object {
  for (const key of ['code', 'message', 'details', 'metadata', 'name', 'cause', 'stack', 'then']) {
    Object.defineProperty(target, key, {
      configurable: true,
      get() {
        throw new Error(`getter of ${key}`);
      },
    });
  }
  return target;
}

function throwingProxy(target: object): object {
  const trap = () => {
    throw new Error('trap');
  };
  return new Proxy(target, { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap });
}

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function circular(): object {
  const cause = new Error('cause') as Error & { cause?: unknown };
  cause.cause = cause;
  return { cause };
}
