import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import { invalidField, quoted, type StatusError } from '../../core/status.js';

/** Fields inside a field, by their names in JSON. */
interface FieldTree extends Map<string, FieldTree> {}

/**
 * The fields that a path binds. A query that sets one of them too could contradict the path, by which the
 * request was authorized.
 */
export class BoundFields {
  readonly #tree: FieldTree = new Map();

  /** @param fieldPaths - as templates have them: `aws_cluster.name`. */
  constructor(fieldPaths: Iterable<string>) {
    for (const path of fieldPaths) {
      let tree = this.#tree;
      for (const name of jsonNames(path)) {
        const inner = tree.get(name) ?? new Map();
        tree.set(name, inner);
        tree = inner;
      }
    }
  }

  /**
   * Whether setting a field would touch a bound one: it is bound itself, has a bound field inside, or is inside
   * one.
   *
   * @param fieldPath - in proto or camelCase names: `aws_cluster.name`, `awsCluster.name`.
   */
  overlaps(fieldPath: string): boolean {
    let tree = this.#tree;
    for (const name of jsonNames(fieldPath)) {
      const inner = tree.get(name);
      if (!inner) return false;
      if (inner.size === 0) return true;
      tree = inner;
    }
    return true;
  }
}

/** A query parameter that the path says already. */
export function boundInQuery(name: string): StatusError {
  const message = `query parameter ${quoted(name)} is set by the path: leave it out of the query`;
  return invalidField(name, message);
}

function jsonNames(fieldPath: string): string[] {
  return fieldPath.split('.').map(protoCamelCase);
}
