/** Unusable .proto files. The message names the file, or the service and method, and the fix. */
export class SchemaError extends Error {
  override readonly name: string = 'SchemaError';
}
