import { quoted } from '../core/status.js';

/** One segment of a template: literal text, one arbitrary segment, or any number of segments. */
export type TemplateSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: '*' }
  | { readonly kind: '**' };

/** Field of the request that is bound by the path. */
export interface TemplateVariable {
  /** Field path as written in the template: `name`, `aws_cluster.name`. */
  readonly fieldPath: string;
  /** Index of its first segment, from 0. */
  readonly start: number;
  /** Index after its last segment. */
  readonly end: number;
}

/** Parsed path template of `google.api.http`. */
export interface PathTemplate {
  /** One or more segments. At most one is `**`, and only literals follow it. */
  readonly segments: readonly TemplateSegment[];
  /** Variables in path order. */
  readonly variables: readonly TemplateVariable[];
  /** Text after the final colon, such as `cancel`; undefined if there is none. */
  readonly verb: string | undefined;
}

/** Field that is bound by a variable of an HTTP path. */
export interface BoundField {
  /** Field path as written in the template: `parent`, `aws_cluster.name`. */
  readonly path: string;
  /** Pattern of its value: one or more segments, some of them `*`. */
  readonly pattern: string;
}

/** Fields that one HTTP path binds, in path order. */
export type PathBinding = readonly BoundField[];

/** Invalid HTTP rules. The message names the template, or the file and the rule, and the fix. */
export class HttpRuleError extends Error {
  override readonly name: string = 'HttpRuleError';
}

/**
 * Parses a path template by the grammar of `google/api/http.proto`, with two extensions and one restriction.
 * Literals may follow `**`, because published APIs have such templates. A literal may be any text of a URL
 * path except `:` and `*`.
 *
 * @throws HttpRuleError with the template and the position if it is malformed, nests or repeats variables, or
 * has a wildcard after `**`.
 *
 * @example
 * ```ts
 * parseTemplate('/v1/{name=operations/**}:cancel').variables;   // [{ fieldPath: 'name', start: 1, end: 3 }]
 * ```
 */
export function parseTemplate(template: string): PathTemplate {
  return new TemplateParser(template).parse();
}

/**
 * Returns the shape of a template: its text without variable names. Templates of the same shape match the
 * same paths.
 *
 * The shape of `/v1/{name=operations/**}:cancel` is `/v1/operations/**:cancel`.
 */
export function shapeOf({ segments, verb }: PathTemplate): string {
  return `/${textOf(segments)}${verb === undefined ? '' : `:${verb}`}`;
}

/** Returns the pattern of a variable's value: `projects/*`. */
export function patternOf({ segments }: PathTemplate, { start, end }: TemplateVariable): string {
  return textOf(segments.slice(start, end));
}

/**
 * Parses the fields that a path of `google.api.http` binds.
 *
 * @throws HttpRuleError if it is not a path template.
 */
export function parseBinding(path: string): PathBinding {
  const template = parseTemplate(path);
  return template.variables.map((variable) => ({
    path: variable.fieldPath,
    pattern: patternOf(template, variable),
  }));
}

/** Returns true if a value matches a pattern: `*` is one segment, `**` any number of segments. */
export function matchesPattern(pattern: string, value: string): boolean {
  return matches(pattern.split('/'), value === '' ? [] : value.split('/'));
}

function textOf(segments: readonly TemplateSegment[]): string {
  return segments.map((segment) => (segment.kind === 'literal' ? segment.text : segment.kind)).join('/');
}

function matches([wanted, ...rest]: readonly string[], segments: readonly string[]): boolean {
  if (wanted === undefined) return segments.length === 0;
  if (wanted === '**') {
    return segments.some((_, index) => matches(rest, segments.slice(index))) || matches(rest, []);
  }
  const [segment, ...others] = segments;
  const fits = wanted === '*' ? segment !== undefined && segment !== '' : segment === wanted;
  return fits && matches(rest, others);
}

const WILDCARD = /\*\*?/y;
/** Matches RFC 3986 pchar without `:` and `*`. */
const LITERAL = /(?:[A-Za-z0-9._~!$&'()+,;=@-]|%[0-9A-Fa-f]{2})+/y;
const FIELD_PATH = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*/y;

class TemplateParser {
  readonly #template: string;
  readonly #segments: TemplateSegment[] = [];
  readonly #variables: TemplateVariable[] = [];
  #position = 0;
  #hasRest = false;

  constructor(template: string) {
    this.#template = template;
  }

  parse(): PathTemplate {
    if (!this.#skip('/')) this.#fail('it does not begin with a slash: write it as "/v1/…"');
    do {
      if (this.#skip('{')) this.#variable();
      else this.#segment();
    } while (this.#skip('/'));
    const verb = this.#skip(':') ? this.#verb() : undefined;
    if (this.#position < this.#template.length) this.#failAfterSegment(verb);
    return { segments: this.#segments, variables: this.#variables, verb };
  }

  #variable(): void {
    const position = this.#position;
    const fieldPath = this.#take(FIELD_PATH);
    if (fieldPath === undefined) this.#fail('a field path is missing: name a field, such as {name}');
    if (this.#variables.some((variable) => variable.fieldPath === fieldPath)) {
      this.#fail(`variable ${quoted(fieldPath)} occurs twice: bind each field once`, position);
    }
    const start = this.#segments.length;
    if (this.#skip('=')) {
      do this.#segment();
      while (this.#skip('/'));
    } else {
      this.#add({ kind: '*' }, this.#position);
    }
    this.#variables.push({ fieldPath, start, end: this.#segments.length });
    if (!this.#skip('}')) {
      this.#fail('a variable does not end here: write it as {field} or {field=segments}, and close it');
    }
  }

  #segment(): void {
    const position = this.#position;
    const text = this.#take(WILDCARD) ?? this.#take(LITERAL);
    if (text === undefined) this.#failAtSegment();
    this.#add(text === '*' || text === '**' ? { kind: text } : { kind: 'literal', text }, position);
  }

  #add(segment: TemplateSegment, position: number): void {
    // With two such wildcards, the split of a path between them would be ambiguous.
    if (segment.kind !== 'literal' && this.#hasRest) {
      this.#fail('a wildcard follows "**": put only literals after it', position);
    }
    this.#hasRest ||= segment.kind === '**';
    this.#segments.push(segment);
  }

  #verb(): string {
    const verb = this.#take(LITERAL);
    if (verb === undefined) this.#fail('the verb is empty: put text after the colon, or leave it out');
    return verb;
  }

  #failAtSegment(): never {
    const next = this.#template[this.#position];
    if (next === undefined || '/:}'.includes(next)) {
      this.#fail('a segment is empty: put text, "*", "**" or a variable between single slashes');
    }
    if (next === '{') this.#fail('a variable is nested in another: put it beside the other');
    this.#failAtCharacter(next);
  }

  #failAfterSegment(verb: string | undefined): never {
    const next = this.#template[this.#position] ?? '';
    if (verb !== undefined && '/:'.includes(next)) {
      this.#fail('something follows the verb: put the verb at the end');
    }
    if (/[\w.~!$&'()+,;=@*{-]/.test(next)) {
      this.#fail('text, a wildcard and a variable share a segment: give each a segment of its own');
    }
    this.#failAtCharacter(next);
  }

  #failAtCharacter(character: string): never {
    const reason = character === '%' ? 'an escape is malformed' : `${quoted(character)} cannot stand here`;
    this.#fail(`${reason}: write text that is no part of a URL path as %XX`);
  }

  #fail(reason: string, position = this.#position): never {
    const at = `character ${position + 1}`;
    throw new HttpRuleError(`path template ${quoted(this.#template)} is invalid at ${at}: ${reason}`);
  }

  #skip(character: string): boolean {
    if (this.#template[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const [text] = pattern.exec(this.#template) ?? [];
    this.#position += text?.length ?? 0;
    return text;
  }
}
