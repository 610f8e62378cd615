import { nearest } from '../../nearest.js';
import { quoted } from '../../status.js';
import type { PolicyFault } from './policy.js';

type Path = PolicyFault['path'];

/** Reads what is given for a policy; reading it as what it is not notes a fault. Programs without types give anything. */
export class PolicyReader {
  readonly faults: PolicyFault[] = [];

  fault(path: Path, reason: string): undefined {
    this.faults.push({ path, reason });
  }

  /** The fields of a map all of whose keys are among `known`. */
  fields(value: unknown, path: Path, known: readonly string[]): Readonly<Record<string, unknown>> {
    const entries = this.entries(value, path);
    for (const [name] of entries) {
      if (!known.includes(name))
        this.fault([...path, name], `field ${quoted(name)} is unknown: ${suggestion(name, known)}`);
    }
    return Object.fromEntries(entries);
  }

  entries(value: unknown, path: Path): readonly (readonly [string, unknown])[] {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
    this.fault(path, `${what(value, path)} is no map: write its fields as "name: value"`);
    return [];
  }

  items(value: unknown, path: Path): readonly unknown[] {
    if (Array.isArray(value) && value.length > 0) return value;
    const fault = Array.isArray(value) ? 'the list is empty' : `${what(value, path)} is no list`;
    this.fault(path, `${fault}: name one or more, in a list`);
    return [];
  }

  /** The texts of a list, each with its place. */
  texts(value: unknown, path: Path): readonly (readonly [string, Path])[] {
    return this.items(value, path).flatMap((item, index) => {
      const text = this.text(item, [...path, index]);
      return text === undefined ? [] : [[text, [...path, index]] as const];
    });
  }

  text(value: unknown, path: Path): string | undefined {
    if (typeof value === 'string' && value !== '') return value;
    return this.fault(path, `${what(value, path)} is no text: write a name`);
  }
}

/** How to put a name right that is none of `known`. */
export function suggestion(name: string, known: readonly string[]): string {
  const candidate = nearest(name, known);
  if (candidate !== undefined) return `did you mean ${quoted(candidate)}?`;
  return known.length === 0
    ? 'there is none to choose from; define it first'
    : `use one of ${known.join(', ')}`;
}

function what(value: unknown, path: Path): string {
  return value === undefined
    ? `${path.at(-1) ?? 'policy'}, which is missing,`
    : quoted(JSON.stringify(value));
}
