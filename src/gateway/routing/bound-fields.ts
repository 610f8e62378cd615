import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import { invalidField, quoted, type StatusError } from '../../core/status.js';

/** Fields within a field, by JSON name. */
interface FieldTree extends Map<string, FieldTree> {}

/**
 * Fields that a path binds. A query that also sets one of them could contradict the path, which decided the
 * authorization.
 */
export class BoundFields {
  readonly #tree: FieldTree = new Map();

  /** @param fieldPaths - in the form of templates: `aws_cluster.name`. */
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
   * Returns true if a field is bound, contains a bound field or is inside one.
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

/** Rejects a query parameter that the path also sets. */
export function boundInQuery(name: string): StatusError {
  const message = `query parameter ${quoted(name)} is set by the path: remove it from the query`;
  return invalidField(name, message);
}

function jsonNames(fieldPath: string): string[] {
  return fieldPath.split('.').map(protoCamelCase);
}
