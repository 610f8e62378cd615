import type { DescMessage } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';

const TEXT = new Set(['google.protobuf.Duration', 'google.protobuf.FieldMask', 'google.protobuf.Timestamp']);

/**
 * Returns true if ProtoJSON writes a message as a string, number or boolean, so that paths and queries can
 * contain it.
 */
export function isScalarInJson(type: DescMessage): boolean {
  return TEXT.has(type.typeName) || isWrapperDesc(type);
}
