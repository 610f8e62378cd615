import type { DescMethod } from '@bufbuild/protobuf';

/**
 * Gives every operation a name of its own, which code generators make names of functions of:
 * `Operations_CancelOperation`, and `Operations_CancelOperation2` for the second way to call it. Services of one
 * name have their packages before it.
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
