import { type DescField, getOption, hasOption, type Registry } from '@bufbuild/protobuf';

/** Who sets a field, as `google.api.field_behavior` says. */
export interface FieldBehavior {
  /** OUTPUT_ONLY: the server alone. */
  readonly readOnly: boolean;
  /** INPUT_ONLY: the server never tells it. */
  readonly writeOnly: boolean;
}

const OUTPUT_ONLY = 3;
const INPUT_ONLY = 4;

/** Reads the annotations of descriptors that have them. */
export function fieldBehaviorReader(registry: Registry): (field: DescField) => FieldBehavior {
  const extension = registry.getExtension('google.api.field_behavior');
  return (field) => {
    const annotated = extension && hasOption(field, extension);
    const behaviors = annotated ? Array.from(getOption(field, extension) as Iterable<number>) : [];
    return { readOnly: behaviors.includes(OUTPUT_ONLY), writeOnly: behaviors.includes(INPUT_ONLY) };
  };
}
