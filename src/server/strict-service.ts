import { assertWireFormat } from '../wire-format.js';
import { operationSerializer } from './operation-codec.js';

interface StrictMethod {
  requestDeserialize(bytes: Buffer): unknown;
  responseDeserialize(bytes: Buffer): unknown;
}

/**
 * Makes a generated service definition safe to serve:
 *
 * - Requests that are not whole messages are rejected with INTERNAL, as gRPC specifies. Generated decoders stop at a
 *   stray zero and return what came before it, and a server would act on that.
 * - Operations that methods return are encoded by the codec of the kit, whichever generator and options the definition is
 *   from. Other codecs leave out fields of Operations that have another form than theirs, without an error.
 *
 * @throws TypeError if a method of the definition has no codec.
 *
 * @example
 * ```ts
 * server.addService(strictService(ReportsService), { exportReport: operations.starter(exportReport) });
 * ```
 */
export function strictService<Definition extends Readonly<Record<keyof Definition, StrictMethod>>>(
  definition: Definition,
): Definition {
  return checked(definition, Number.POSITIVE_INFINITY);
}

/** More than any request of the kit's own services has. */
const MAX_FIELDS = 1000;

/**
 * A {@link strictService} for services whose requests have few fields, which refuses a message of very many: 4 MiB can repeat
 * a field two million times, and decoding that would block the event loop.
 */
export function smallRequestService<Definition extends Readonly<Record<keyof Definition, StrictMethod>>>(
  definition: Definition,
): Definition {
  return checked(definition, MAX_FIELDS);
}

function checked<Definition extends Readonly<Record<keyof Definition, StrictMethod>>>(
  definition: Definition,
  maxFields: number,
): Definition {
  const methods = Object.entries<StrictMethod>(definition);
  return Object.fromEntries(
    methods.map(([name, method]) => [name, strict(name, method, maxFields)]),
  ) as Definition;
}

function strict(name: string, method: StrictMethod, maxFields: number): StrictMethod {
  for (const codec of ['requestDeserialize', 'responseDeserialize'] as const) {
    if (typeof method?.[codec] !== 'function') {
      throw new TypeError(
        `method ${name} has no ${codec}: pass a service definition for grpc-js (ts-proto: outputServices=grpc-js, outputEncodeMethods=true)`,
      );
    }
  }
  const responseSerialize = operationSerializer((bytes) => method.responseDeserialize(bytes));
  return {
    ...method,
    requestDeserialize(bytes) {
      assertWireFormat(bytes, maxFields);
      return method.requestDeserialize(bytes);
    },
    ...(responseSerialize && { responseSerialize }),
  };
}
