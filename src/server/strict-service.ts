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
  const methods = Object.entries<StrictMethod>(definition);
  return Object.fromEntries(methods.map(([name, method]) => [name, strict(name, method)])) as Definition;
}

function strict(name: string, method: StrictMethod): StrictMethod {
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
      assertWireFormat(bytes);
      return method.requestDeserialize(bytes);
    },
    ...(responseSerialize && { responseSerialize }),
  };
}
