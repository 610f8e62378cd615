import { ScalarType } from '@bufbuild/protobuf';
import type { JsonSchema } from './json-schema.js';

const INT32: JsonSchema = { type: 'integer', format: 'int32' };
const UINT32: JsonSchema = { type: 'integer', format: 'uint32', minimum: 0, maximum: 4_294_967_295 };
/** 64-bit integers are strings because JavaScript numbers cannot hold all of them. */
const INT64: JsonSchema = { type: 'string', format: 'int64' };
const UINT64: JsonSchema = { type: 'string', format: 'uint64' };

/**
 * Schema of a scalar in ProtoJSON. NaN and the infinities, which are strings, are not described: client
 * generators would then not use a number type.
 */
export function scalarSchema(scalar: ScalarType): JsonSchema {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' };
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    case ScalarType.DOUBLE:
      return { type: 'number', format: 'double' };
    case ScalarType.FLOAT:
      return { type: 'number', format: 'float' };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return INT32;
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return UINT32;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return INT64;
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return UINT64;
  }
}
