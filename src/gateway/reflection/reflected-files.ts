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
import { ownRegistry } from '../../schema/own-registry.js';
import type { MethodAnnotations } from './method-annotations.js';

/** What any server has, whether its descriptors say so or not; their imports come with them. */
const STANDARD_FILES = [
  'google/longrunning/operations.proto',
  'google/rpc/error_details.proto',
  'health/v1/health.proto',
  'grpc/reflection/v1/reflection.proto',
  'grpc/reflection/v1alpha/reflection.proto',
];

/** Files as reflection serves them: encoded, with every import, and with HTTP rules. */
export class ReflectedFiles {
  /** The standard files come first: what is served may have their types as proto-loader has scattered them. */
  readonly registries: readonly FileRegistry[];
  readonly #standard = standardRegistry();
  readonly #annotations: MethodAnnotations;
  readonly #byName = new Map<string, DescFile>();
  readonly #imports = new Map<DescFile, readonly DescFile[]>();
  readonly #encoded = new Map<DescFile, Uint8Array>();

  constructor(served: FileRegistry, annotations: MethodAnnotations) {
    this.registries = [this.#standard, served];
    this.#annotations = annotations;
    // Of files that both have, those served count.
    for (const registry of this.registries) {
      for (const file of registry.files) this.#byName.set(file.proto.name, file);
    }
  }

  named(name: string): DescFile | undefined {
    return this.#byName.get(name);
  }

  /** A file and all that it needs, itself first. */
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
    // Imports that options alone need come as they are declared; the others may have been lost.
    const imports = this.#importsOf(file).map(({ proto: { name } }) => name);
    if (imports.some((name) => !proto.dependency.includes(name))) {
      proto.dependency = imports;
      proto.publicDependency = [];
      proto.weakDependency = [];
    }
    // Comments are most of it.
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

  /** Registries that hold the same file each have a descriptor of it. */
  #known(file: DescFile): DescFile {
    return this.#byName.get(file.proto.name) ?? file;
  }

  /**
   * The files of types that a file refers to and does not import. proto-loader has lost its imports then, and where
   * the standard files stood; to serve those beside its own would declare their types twice.
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
