import type {
  DescEnum,
  DescEnumValue,
  DescField,
  DescMessage,
  DescMethod,
  DescService,
} from '@bufbuild/protobuf';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';

type Commented = DescEnum | DescEnumValue | DescField | DescMessage | DescMethod | DescService;

/**
 * Comments in .proto files, read from the source information of descriptors. `protoc` omits it unless asked for
 * it.
 */
export class Comments {
  /** Comments of each file, by the path of the declaration as in `SourceCodeInfo`. */
  readonly #ofFiles = new Map<FileDescriptorProto, ReadonlyMap<string, string>>();

  /** Text of the comment at a declaration, or undefined if there is none. */
  of(declared: Commented): string | undefined {
    const { proto: file } = fileOf(declared);
    const known = this.#ofFiles.get(file);
    const comments = known ?? commentsOf(file);
    if (!known) this.#ofFiles.set(file, comments);
    return comments.get(pathOf(declared).join());
  }
}

function commentsOf({ sourceCodeInfo }: FileDescriptorProto): ReadonlyMap<string, string> {
  const locations = sourceCodeInfo?.location ?? [];
  return new Map(
    locations.flatMap(({ path, leadingComments, trailingComments }) => {
      const text = readable(leadingComments || trailingComments);
      return text === '' ? [] : [[path.join(), text] as const];
    }),
  );
}

/** Removes notes for the API's own team (AIP-192) and turns references into plain names. */
function readable(comment: string): string {
  return comment
    .replace(/\(--[\s\S]*?--\)/g, '')
    .replace(/^ /gm, '')
    .replace(/\[([^\]]+)\]\[[\w.]*\]/g, '$1')
    .trim();
}

function fileOf(declared: Commented): DescMessage['file'] {
  switch (declared.kind) {
    case 'message':
    case 'enum':
    case 'service':
      return declared.file;
    case 'field':
    case 'enum_value':
    case 'rpc':
      return declared.parent.file;
  }
}

/** Alternating field numbers of `descriptor.proto` and indexes of their items. */
function pathOf(declared: Commented): number[] {
  switch (declared.kind) {
    case 'message': {
      const { proto, parent, file } = declared;
      return parent
        ? [...pathOf(parent), 3, parent.proto.nestedType.indexOf(proto)]
        : [4, file.proto.messageType.indexOf(proto)];
    }
    case 'enum': {
      const { proto, parent, file } = declared;
      return parent
        ? [...pathOf(parent), 4, parent.proto.enumType.indexOf(proto)]
        : [5, file.proto.enumType.indexOf(proto)];
    }
    case 'service':
      return [6, declared.file.proto.service.indexOf(declared.proto)];
    case 'field':
      return [...pathOf(declared.parent), 2, declared.parent.proto.field.indexOf(declared.proto)];
    case 'enum_value':
      return [...pathOf(declared.parent), 2, declared.parent.proto.value.indexOf(declared.proto)];
    case 'rpc':
      return [...pathOf(declared.parent), 2, declared.parent.proto.method.indexOf(declared.proto)];
  }
}
