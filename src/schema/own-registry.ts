import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { FileRegistry } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { readDescriptors } from './read-descriptors.js';

let own: FileRegistry | undefined;
let commented: FileRegistry | undefined;

/** What this package declares, with its HTTP rules, and the error details of `google.rpc`. Comments need not be there. */
export function ownRegistry(): FileRegistry {
  own ??= commented ?? readDescriptors(withoutComments(readOwn()));
  return own;
}

/** The same with its comments, which take longer to read than all the rest. */
export function commentedOwnRegistry(): FileRegistry {
  commented ??= readDescriptors(readOwn());
  return commented;
}

function readOwn(): Uint8Array {
  return readFileSync(createRequire(import.meta.url).resolve('longrunning/descriptors'));
}

/** `file` of a `FileDescriptorSet`. */
const FILE = 1;
/** `source_code_info` of a `FileDescriptorProto`. */
const SOURCE_CODE_INFO = 9;

function withoutComments(set: Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  const reader = new BinaryReader(set);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === FILE)
      writer.tag(FILE, WireType.LengthDelimited).bytes(withoutSourceCodeInfo(reader.bytes()));
    else reader.skip(type, field);
  }
  return writer.finish();
}

function withoutSourceCodeInfo(file: Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  const reader = new BinaryReader(file);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, type] = reader.tag();
    reader.skip(type, field);
    if (field !== SOURCE_CODE_INFO) writer.raw(file.subarray(start, reader.pos));
  }
  return writer.finish();
}
