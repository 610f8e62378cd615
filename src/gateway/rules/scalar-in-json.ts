import type { DescMessage } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';

const TEXT = new Set(['google.protobuf.Duration', 'google.protobuf.FieldMask', 'google.protobuf.Timestamp']);

/** Whether a message is a string, a number or a boolean in ProtoJSON, so that paths and queries can say it. */
export function isScalarInJson(type: DescMessage): boolean {
  return TEXT.has(type.typeName) || isWrapperDesc(type);
}
