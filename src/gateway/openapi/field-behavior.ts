import { type DescField, getOption, hasOption, type Registry } from '@bufbuild/protobuf';

/** Direction of a field according to `google.api.field_behavior`. */
export interface FieldBehavior {
  /** OUTPUT_ONLY: only the server sets the field. */
  readonly readOnly: boolean;
  /** INPUT_ONLY: the server never returns the field. */
  readonly writeOnly: boolean;
}

const OUTPUT_ONLY = 3;
const INPUT_ONLY = 4;

/** Creates a reader of `google.api.field_behavior`, for descriptors that declare the extension. */
export function fieldBehaviorReader(registry: Registry): (field: DescField) => FieldBehavior {
  const extension = registry.getExtension('google.api.field_behavior');
  return (field) => {
    const annotated = extension && hasOption(field, extension);
    const behaviors = annotated ? Array.from(getOption(field, extension) as Iterable<number>) : [];
    return { readOnly: behaviors.includes(OUTPUT_ONLY), writeOnly: behaviors.includes(INPUT_ONLY) };
  };
}
