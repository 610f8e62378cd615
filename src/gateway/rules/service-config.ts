import { parse } from 'yaml';
import { StatusError } from '../../core/status.js';
import { HttpRuleError } from '../../schema/path-template.js';
import { type HttpBinding, readBindings, readList, readObject, readText } from './http-rule-json.js';

/** Service configuration: a `google.api.Service` in YAML or JSON. */
export interface ServiceConfigFile {
  /** Name of the file, for error messages. */
  readonly file: string;
  readonly text: string;
}

/** Rule of a service configuration. */
export interface SelectedRule {
  readonly bindings: readonly HttpBinding[];
  /** File and rule, for error messages. */
  readonly source: string;
}

/**
 * Reads the rules under `http.rules` of a service configuration, by selector. The last rule of a selector counts.
 * Other sections of the file are ignored.
 *
 * @throws HttpRuleError that names file and rule if the file cannot be parsed or a rule is malformed.
 */
export function readServiceConfig({ file, text }: ServiceConfigFile): ReadonlyMap<string, SelectedRule> {
  const service = readObject(parseYaml(file, text), file);
  const http = readObject(service.http ?? {}, `${file}: http`);
  const rules = readList(http.rules, 'http.rules', file).map((json, index) => {
    const place = `${file}: http.rules[${index}]`;
    const selector = readText(readObject(json, place).selector, 'selector', place);
    if (selector === undefined) {
      throw new HttpRuleError(`${place}: selector is missing: name an RPC, such as acme.v1.Jobs.RunJob`);
    }
    const source = `${place} (${selector})`;
    return [selector, { bindings: readBindings(json, source), source }] as const;
  });
  return new Map(rules);
}

/** Parses YAML, which includes JSON. The result passes through JSON because a YAML list may contain itself. */
function parseYaml(file: string, text: string): unknown {
  try {
    return JSON.parse(JSON.stringify(parse(text, { logLevel: 'error' })));
  } catch (cause) {
    const { message } = StatusError.from(cause);
    throw new HttpRuleError(`${file}: cannot be parsed as YAML or JSON: ${message.trim()}; correct it`, {
      cause,
    });
  }
}
