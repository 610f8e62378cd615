import type { DescMethod } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, ServiceDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

const SERVICE = FileDescriptorProtoSchema.field.service.number;
const METHOD = ServiceDescriptorProtoSchema.field.method.number;

/**
 * Returns the source location of a method or a part of it, such as `reports.proto:17:3`.
 *
 * @param within - path in the method, of field numbers and indices (descriptor.proto, SourceCodeInfo). If it
 * has no location, the closest enclosing one is returned.
 */
export function locationOf(method: DescMethod, within: readonly number[] = []): string {
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
