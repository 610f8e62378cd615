import { create, createFileRegistry, type FileRegistry } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt';
import { parentScope, qualify } from './type-names.js';

const WELL_KNOWN_PACKAGE = 'google.protobuf';

/** Files of the well-known types, each after its imports. */
export const WELL_KNOWN_FILES = [
  file_google_protobuf_any,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
  file_google_protobuf_type,
  file_google_protobuf_api,
] as const;

/** Top-level message or enum of a file. */
interface Declaration {
  readonly packageName: string;
  readonly message?: DescriptorProto;
  readonly enum?: EnumDescriptorProto;
}

/**
 * Builds a registry of the files' declarations and the well-known types.
 *
 * @param files - complete files, one per package, as from proto-loader. Packages may refer to each other but
 * files may not. The registry therefore splits them into the smallest self-contained files.
 */
export function fileRegistry(files: readonly FileDescriptorProto[]): FileRegistry {
  const own = files.filter((file) => file.package !== WELL_KNOWN_PACKAGE);
  const declarations = topLevel(own);
  const groups = dependencyOrder(declarations.values(), (declaration) =>
    references(declaration, declarations),
  );
  const types = groups.map((group) => typesFile(group, `${nameOf(group[0])}.proto`));
  const services = own.map(servicesFile);
  return createFileRegistry(
    create(FileDescriptorSetSchema, {
      file: [...WELL_KNOWN_FILES.map(({ proto }) => proto), ...types, ...services],
    }),
  );
}

/**
 * Groups nodes so that each group refers only to itself and to earlier groups. Nodes in a cycle share a group
 * (Tarjan's strongly connected components).
 */
export function dependencyOrder<Node>(
  nodes: Iterable<Node>,
  references: (node: Node) => Iterable<Node>,
): Node[][] {
  const groups: Node[][] = [];
  /** Visiting index of each node; Infinity once its group is complete. */
  const met = new Map<Node, number>();
  const open: Node[] = [];

  /** Returns the index of the earliest open node reachable from `node`. */
  const visit = (node: Node): number => {
    const index = met.size;
    met.set(node, index);
    open.push(node);
    let earliest = index;
    for (const next of references(node)) earliest = Math.min(earliest, met.get(next) ?? visit(next));
    if (earliest === index) {
      const group = open.splice(open.lastIndexOf(node));
      for (const member of group) met.set(member, Number.POSITIVE_INFINITY);
      groups.push(group);
    }
    return earliest;
  };

  for (const node of nodes) if (!met.has(node)) visit(node);
  return groups;
}

/** Returns a unique file name: that of a type, which is declared only once. */
function nameOf(declaration: Declaration | undefined): string {
  const { packageName = '', message, enum: declared } = declaration ?? {};
  return qualify(packageName, (message ?? declared)?.name ?? '');
}

/** Returns a file with only the services. Spreading the file would lose unset fields such as its package. */
function servicesFile({ name, package: packageName, service }: FileDescriptorProto): FileDescriptorProto {
  return create(FileDescriptorProtoSchema, { name, package: packageName, syntax: 'proto3', service });
}

function topLevel(files: readonly FileDescriptorProto[]): Map<string, Declaration> {
  const declarations = new Map<string, Declaration>();
  for (const { package: packageName, messageType, enumType } of files) {
    for (const message of messageType) {
      declarations.set(qualify(packageName, message.name), { packageName, message });
    }
    for (const declared of enumType) {
      declarations.set(qualify(packageName, declared.name), { packageName, enum: declared });
    }
  }
  return declarations;
}

/** Returns the declarations that the fields of a message refer to. */
function references({ message }: Declaration, declarations: ReadonlyMap<string, Declaration>): Declaration[] {
  const typeNames = new Set<string>();
  const collect = (within: DescriptorProto) => {
    for (const { typeName } of within.field) if (typeName) typeNames.add(typeName.slice(1));
    within.nestedType.forEach(collect);
  };
  if (message) collect(message);
  return Array.from(typeNames, (name) => declarationOf(name, declarations)).filter(
    (found) => found !== undefined,
  );
}

/** Returns the top-level declaration that is, or contains, the type with the given full name. */
function declarationOf(
  name: string,
  declarations: ReadonlyMap<string, Declaration>,
): Declaration | undefined {
  for (let outer = name; outer !== ''; outer = parentScope(outer)) {
    const found = declarations.get(outer);
    if (found) return found;
  }
  return undefined;
}

function typesFile(group: readonly Declaration[], name: string): FileDescriptorProto {
  return create(FileDescriptorProtoSchema, {
    name,
    package: group[0]?.packageName ?? '',
    syntax: 'proto3',
    messageType: group.flatMap(({ message }) => message ?? []),
    enumType: group.flatMap((declaration) => declaration.enum ?? []),
  });
}
