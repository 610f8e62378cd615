import type { MessageType, OperationMethod } from '../../core/operation-method.js';

/** Required members of a codec, each with the ts-proto option that generates it. */
const REQUIRED: readonly (readonly [member: keyof MessageType<unknown>, option: string])[] = [
  ['$type', 'outputTypeAnnotations=static-only'],
  ['encode', 'outputEncodeMethods=true'],
  ['decode', 'outputEncodeMethods=true'],
  ['fromPartial', 'outputPartialMethods=true'],
  ['fromJSON', 'outputJsonMethods=true'],
  ['toJSON', 'outputJsonMethods=true'],
];

/**
 * Checks that the codecs of a method can represent its messages. Without the check, an Any without a type, for example,
 * would be sent without an error.
 *
 * @throws TypeError with the ts-proto option to change.
 */
export function checkCodecs({ path, ...method }: OperationMethod<unknown, unknown, unknown>): void {
  for (const role of ['request', 'response', 'metadata'] as const) {
    const codec = method[role];
    const subject = `the codec of the ${role} of ${path}`;
    if ((typeof codec !== 'object' && typeof codec !== 'function') || codec === null)
      throw new TypeError(
        `${subject} is ${String(codec)}: pass the object that ts-proto generates along with the interface`,
      );
    for (const [member, option] of REQUIRED) {
      if (!codec[member]) throw new TypeError(`${subject} has no ${member}: generate it with ${option}`);
    }
  }
}
