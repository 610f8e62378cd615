import type { Message } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { parseParent } from '../../core/name.js';
import { invalidField, quoted } from '../../core/status.js';
import { type BoundField, type LongRunningMethod, matchesPattern } from '../../schema/index.js';

/** Location at the beginning of a resource name: `projects/p/locations/l`. */
const LOCATION = /^projects\/[^/]+\/locations\/[^/]+(?=\/|$)/;

/**
 * Resource of a request, from fields in the HTTP path of its method such as `parent`, `name` or
 * `aws_cluster.name`. Prefers the first value under a project and location, otherwise takes the first. Undefined
 * if the path binds nothing.
 *
 * @throws StatusError INVALID_ARGUMENT that names the field, if no HTTP path of the method matches its value.
 */
export function boundResource(method: LongRunningMethod, request: Message): string | undefined {
  return bound(method, request)?.value;
}

/** Field in the HTTP path of a method, and its value. */
interface Bound {
  readonly path: string;
  readonly value: string;
}

function bound(method: LongRunningMethod, request: Message): Bound | undefined {
  const valueAt = ({ path }: BoundField): Bound => {
    const value = textAt(reflect(method.descriptor.input, request), path.split('.'));
    return { path, value: parseParent(value, path) };
  };
  const misfits = method.bindings.map((binding) =>
    binding.find((field) => !matchesPattern(field.pattern, valueAt(field).value)),
  );
  const fitting = method.bindings[misfits.indexOf(undefined)];
  const [misfit] = misfits;
  if (!fitting && misfit) {
    const { path, pattern } = misfit;
    throw invalidField(path, `${path} ${quoted(valueAt(misfit).value)} is malformed: write it as ${pattern}`);
  }
  const values = fitting?.map(valueAt) ?? [];
  return values.find(({ value }) => LOCATION.test(value)) ?? values[0];
}

/**
 * Parent of the operations that a request starts: the location of its resource, otherwise the parent of its resource, so that
 * operations that create and delete a resource share a parent.
 *
 * @throws StatusError INVALID_ARGUMENT that names the field, if the resource is malformed.
 */
export function operationParent(method: LongRunningMethod, request: Message): string {
  const { path, value } = bound(method, request) ?? { path: '', value: '' };
  const [location] = LOCATION.exec(value) ?? [];
  if (location !== undefined) return location;
  const parent = textAt(reflect(method.descriptor.input, request), ['parent']);
  return parent !== '' || path === 'parent' ? parent : value.split('/').slice(0, -2).join('/');
}

/** Field at a path as text. Empty if the field is not set or does not exist. */
function textAt(message: ReflectMessage, [name, ...rest]: readonly string[]): string {
  const field = message.fields.find((candidate) => candidate.name === name);
  if (field?.fieldKind === 'scalar' && rest.length === 0) return String(message.get(field));
  if (field?.fieldKind === 'enum' && rest.length === 0) {
    const number = message.get(field);
    return field.enum.value[number]?.name ?? String(number);
  }
  if (field?.fieldKind === 'message' && message.isSet(field)) return textAt(message.get(field), rest);
  return '';
}
