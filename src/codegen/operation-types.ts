import {
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescMethod,
  getOption,
  hasOption,
} from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  MethodDescriptorProtoSchema,
  ServiceDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { nearest } from '../core/nearest.js';
import { qualify } from '../schema/type-names.js';

const OPERATION = 'google.longrunning.Operation';
const OPERATION_INFO = 'google.longrunning.operation_info';
/** Service whose methods return operations but do not start them. */
const OPERATIONS_SERVICE = 'google.longrunning.Operations';
const SERVICE = FileDescriptorProtoSchema.field.service.number;
const METHOD = ServiceDescriptorProtoSchema.field.method.number;

const OPTIONS = MethodDescriptorProtoSchema.field.options.number;

/** Message types of a long-running method. */
export interface OperationTypes {
  readonly method: DescMethod;
  readonly response: DescMessage;
  readonly metadata: DescMessage;
}

/** Types of a method, or its problems. */
export type Resolved =
  | { readonly kind: 'types'; readonly types: OperationTypes }
  | { readonly kind: 'faults'; readonly faults: readonly string[] };

/** Returns true if a method starts operations, even if its declaration is invalid. */
export function startsOperation(method: DescMethod): boolean {
  return method.output.typeName === OPERATION && method.parent.typeName !== OPERATIONS_SERVICE;
}

/** Resolves the types of long-running methods by AIP-151 among the declarations of some files. */
export class OperationTypeResolver {
  readonly #messages = new Map<string, DescMessage>();
  readonly #info: DescExtension | undefined;

  constructor(files: readonly DescFile[]) {
    for (const file of files) for (const message of file.messages) this.#add(message);
    this.#info = files
      .flatMap((file) => file.extensions)
      .find((extension) => extension.typeName === OPERATION_INFO);
  }

  #add(message: DescMessage): void {
    this.#messages.set(message.typeName, message);
    for (const nested of message.nestedMessages) this.#add(nested);
  }

  resolve(method: DescMethod): Resolved {
    if (method.methodKind !== 'unary') return faulty(method, [], streaming(method));
    const info = this.#infoOf(method);
    if (!info) return faulty(method, [], MISSING);
    const response = this.#find(method, 'response_type', info.responseType);
    const metadata = this.#find(method, 'metadata_type', info.metadataType);
    if (typeof response !== 'string' && typeof metadata !== 'string') {
      return { kind: 'types', types: { method, response, metadata } };
    }
    return { kind: 'faults', faults: [response, metadata].filter((found) => typeof found === 'string') };
  }

  #infoOf(method: DescMethod): { responseType: string; metadataType: string } | undefined {
    if (!this.#info || !hasOption(method, this.#info)) return undefined;
    return getOption(method, this.#info) as unknown as { responseType: string; metadataType: string };
  }

  /**
   * Finds a message of the method's package by its name, any other by its full name. Returns an error message
   * if there is none.
   */
  #find(method: DescMethod, field: 'response_type' | 'metadata_type', name: string): DescMessage | string {
    const info = this.#info;
    const path = [
      OPTIONS,
      info?.number ?? 0,
      info?.message?.fields.find((f) => f.name === field)?.number ?? 0,
    ];
    if (name === '') return fault(method, path, empty(field));
    const bare = name.replace(/^\./, '');
    const found =
      this.#messages.get(qualify(method.parent.file.proto.package, bare)) ?? this.#messages.get(bare);
    return found ?? fault(method, path, this.#unknown(field, name));
  }

  #unknown(field: string, name: string): string {
    const near = nearest(name, this.#shortNames());
    const meant = near === undefined ? '' : ` (did you mean ${near}?)`;
    const advice = 'name a message of this package or the full name of another, and import its file';
    return `has operation_info with ${field} ${JSON.stringify(name)}, which is not a known message${meant}: ${advice}`;
  }

  #shortNames(): string[] {
    return [...this.#messages.values()].map((message) => message.name);
  }
}

/** Formats an error at a position of a method like a compiler. */
export function fault(method: DescMethod, path: readonly number[], what: string): string {
  return `${locationOf(method, path)}: method ${method.parent.typeName}.${method.name} ${what}`;
}

function faulty(method: DescMethod, path: readonly number[], what: string): Resolved {
  return { kind: 'faults', faults: [fault(method, path, what)] };
}

const MISSING =
  `returns ${OPERATION} without operation_info: add option (${OPERATION_INFO}) = ` +
  '{ response_type: "..." metadata_type: "..." } to it';

function streaming(method: DescMethod): string {
  const side = method.methodKind === 'client_streaming' ? 'a stream of requests' : `a stream of ${OPERATION}`;
  return `has ${side}: a method that starts an operation takes one request and returns one operation; remove "stream"`;
}

function empty(field: string): string {
  const advice = 'name a message, google.protobuf.Empty if there is nothing to tell';
  return `has operation_info without ${field}: ${advice}`;
}

/**
 * Returns the source location of a method or a part of it, such as `reports.proto:17:3`.
 *
 * @param within - path in the method, of field numbers and indices (descriptor.proto, SourceCodeInfo). If it
 * has no location, the closest enclosing one is returned.
 */
function locationOf(method: DescMethod, within: readonly number[] = []): string {
  const service = method.parent;
  const file = service.file.proto;
  const indices = [
    SERVICE,
    file.service.indexOf(service.proto),
    METHOD,
    service.proto.method.indexOf(method.proto),
  ];
  const locations = new Map(
    file.sourceCodeInfo?.location.map(({ path, span }) => [path.join('.'), span] as const),
  );
  for (let path = [...indices, ...within]; path.length > 0; path = path.slice(0, -1)) {
    const span = locations.get(path.join('.'));
    if (span) return `${file.name}:${at(span, 0)}:${at(span, 1)}`;
  }
  return file.name;
}

function at(span: readonly number[], index: number): number {
  return (span[index] ?? 0) + 1;
}
