import type { Server } from '@grpc/grpc-js';
import type { Clock } from '../clock.js';
import type { Schema } from '../schema/index.js';
import type { ImplementedMethod, Operations } from '../server/index.js';
import type { Script } from './script.js';

export interface FakeServicesOptions {
  /** How operations go. @defaultValue each takes a second, honours cancellation, answers the empty message */
  readonly script?: Script;
  /** @defaultValue the machine's */
  readonly clock?: Clock;
}

export interface FakeServices {
  /** For `createOperations({ methods })`. */
  readonly methods: readonly ImplementedMethod[];
  /** Adds every service of the schema to a gRPC server. `operations` was made with {@link methods}. */
  addTo(server: Server, operations: Operations): void;
}

export function fakeServices(_schema: Schema, _options: FakeServicesOptions = {}): FakeServices {
  throw new Error('coming');
}
