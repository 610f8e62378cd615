import type { DescMethod } from '@bufbuild/protobuf';

/**
 * Creates a generator of unique operation ids, from which code generators derive function names. Examples are
 * `Operations_CancelOperation` and, for its second binding, `Operations_CancelOperation2`. Services that share a
 * name are prefixed with their packages.
 */
export function operationIds(methods: readonly DescMethod[]): (method: DescMethod) => string {
  const services = new Set(methods.map(({ parent }) => parent));
  const names = Array.from(services, ({ name }) => name);
  const taken = new Set<string>();
  return ({ name, parent }) => {
    const isShared = names.filter((other) => other === parent.name).length > 1;
    const service = isShared ? parent.typeName.replaceAll('.', '_') : parent.name;
    const base = `${service}_${name}`;
    let id = base;
    for (let count = 2; taken.has(id); count++) id = `${base}${count}`;
    taken.add(id);
    return id;
  };
}
