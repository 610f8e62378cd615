import {
  clearField,
  clone,
  create,
  createFileRegistry,
  type DescFile,
  type DescMessage,
  type FileRegistry,
  toBinary,
} from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  MethodOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { ownRegistry } from '../../schema/descriptor-set.js';
import type { MethodAnnotations } from './method-annotations.js';

/** Files that every server offers, even if its descriptors do not contain them, together with their imports. */
const STANDARD_FILES = [
  'google/longrunning/operations.proto',
  'google/rpc/error_details.proto',
  'health/v1/health.proto',
  'grpc/reflection/v1/reflection.proto',
  'grpc/reflection/v1alpha/reflection.proto',
];

/** Files as reflection serves them: encoded, with all imports and HTTP rules. */
export class ReflectedFiles {
  /**
   * Standard files come first, because proto-loader may have moved their types to other files in the served
   * descriptors.
   */
  readonly registries: readonly FileRegistry[];
  readonly #standard = standardRegistry();
  readonly #annotations: MethodAnnotations;
  readonly #byName = new Map<string, DescFile>();
  readonly #imports = new Map<DescFile, readonly DescFile[]>();
  readonly #encoded = new Map<DescFile, Uint8Array>();

  constructor(served: FileRegistry, annotations: MethodAnnotations) {
    this.registries = [this.#standard, served];
    this.#annotations = annotations;
    // If both registries contain a file, the served one counts.
    for (const registry of this.registries) {
      for (const file of registry.files) this.#byName.set(file.proto.name, file);
    }
  }

  named(name: string): DescFile | undefined {
    return this.#byName.get(name);
  }

  /** Encodes a file, followed by everything that it imports. */
  withImports(file: DescFile): Uint8Array[] {
    const needed = new Set([this.#known(file)]);
    for (const each of needed) for (const imported of this.#importsOf(each)) needed.add(imported);
    return Array.from(needed, (each) => this.#encode(each));
  }

  #encode(file: DescFile): Uint8Array {
    const known = this.#encoded.get(file);
    if (known) return known;
    const proto = clone(FileDescriptorProtoSchema, file.proto);
    this.#annotate(file, proto);
    // Imports that only options need are added as declared. The other imports may have been lost.
    const imports = this.#importsOf(file).map(({ proto: { name } }) => name);
    if (imports.some((name) => !proto.dependency.includes(name))) {
      proto.dependency = imports;
      proto.publicDependency = [];
      proto.weakDependency = [];
    }
    // Comments account for most of the size.
    clearField(proto, FileDescriptorProtoSchema.field.sourceCodeInfo);
    const bytes = toBinary(FileDescriptorProtoSchema, proto);
    this.#encoded.set(file, bytes);
    return bytes;
  }

  #annotate(file: DescFile, proto: FileDescriptorProto): void {
    for (const [serviceIndex, service] of file.services.entries()) {
      for (const [methodIndex, method] of service.methods.entries()) {
        const lost = this.#annotations.lostBy(method);
        const target = proto.service[serviceIndex]?.method[methodIndex];
        if (lost.length === 0 || !target) continue;
        target.options ??= create(MethodOptionsSchema);
        for (const { set } of lost) set(target.options);
      }
    }
  }

  #importsOf(file: DescFile): readonly DescFile[] {
    const known = this.#imports.get(file);
    if (known) return known;
    const declared = file.proto.dependency.flatMap((name) => this.#byName.get(name) ?? []);
    const options = file.services
      .flatMap(({ methods }) => methods)
      .flatMap((method) => this.#annotations.lostBy(method).map(({ file: declaring }) => declaring));
    const imports = [...declared, ...this.#missing(file, declared), ...options];
    const found = [...new Set(imports.map((imported) => this.#known(imported)))].filter(
      (imported) => imported !== file,
    );
    this.#imports.set(file, found);
    return found;
  }

  /** Maps a file to its one descriptor, because each registry has its own descriptor of the same file. */
  #known(file: DescFile): DescFile {
    return this.#byName.get(file.proto.name) ?? file;
  }

  /**
   * Files of types that a file refers to without importing them. In that case proto-loader has lost the imports
   * and the location of the standard files. Serving its copies beside the standard files would declare their
   * types twice.
   */
  #missing(file: DescFile, declared: readonly DescFile[]): DescFile[] {
    if (declared.length > 0) return [];
    return referredTypes(file)
      .filter((type) => type.file !== file)
      .map((type) => this.#standard.get(type.typeName)?.file ?? type.file);
  }
}

function standardRegistry(): FileRegistry {
  const own = ownRegistry();
  const registries = STANDARD_FILES.flatMap((name) => {
    const file = own.getFile(name);
    return file ? createFileRegistry(file.proto, (imported) => own.getFile(imported)) : [];
  });
  return createFileRegistry(...registries);
}

type ReferredType = Pick<DescMessage, 'typeName' | 'file'>;

function referredTypes({ messages, extensions, services }: DescFile): ReferredType[] {
  const fields = [...messages.flatMap(fieldsOf), ...extensions];
  const ofFields = fields.flatMap((field) => field.message ?? field.enum ?? []);
  const ofMethods = services.flatMap(({ methods }) =>
    methods.flatMap(({ input, output }) => [input, output]),
  );
  return [...ofFields, ...ofMethods];
}

function fieldsOf(message: DescMessage): DescMessage['fields'] {
  return [...message.fields, ...message.nestedMessages.flatMap(fieldsOf)];
}
