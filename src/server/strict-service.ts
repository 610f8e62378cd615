import { assertWireFormat } from '../wire-format.js';

interface StrictMethod {
  requestDeserialize(bytes: Buffer): unknown;
}

/**
 * A generated service definition whose methods refuse bytes that are no message, with INTERNAL, as gRPC has it.
 * Generated decoders stop at a stray zero and return what came before it, and a server would act on that.
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
  return Object.fromEntries(methods.map(([name, method]) => [name, strict(method)])) as Definition;
}

function strict(method: StrictMethod): StrictMethod {
  return {
    ...method,
    requestDeserialize(bytes) {
      assertWireFormat(bytes);
      return method.requestDeserialize(bytes);
    },
  };
}
