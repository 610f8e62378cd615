import { StatusError } from '../../core/status.js';
import { yaml } from '../../core/yaml.js';
import { HttpRuleError } from '../../schema/http-rule-error.js';
import { type HttpBinding, readBindings, readList, readObject, readText } from './http-rule-json.js';

/** A service configuration: a `google.api.Service` in YAML or JSON. */
export interface ServiceConfigFile {
  /** The name of the file, for messages. */
  readonly file: string;
  readonly text: string;
}

/** A rule of a service configuration. */
export interface SelectedRule {
  readonly bindings: readonly HttpBinding[];
  /** File and rule, as messages name them. */
  readonly source: string;
}

/**
 * The rules under `http.rules` of a service configuration by selector, the last one of each; all else that the
 * file says is for others.
 *
 * @throws HttpRuleError that names file and rule when the file cannot be parsed or a rule is malformed.
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

/** JSON is YAML, but YAML is more: a list may hold itself, so what is read goes through JSON. */
function parseYaml(file: string, text: string): unknown {
  try {
    return JSON.parse(JSON.stringify(yaml().parse(text, { logLevel: 'error' })));
  } catch (cause) {
    const { message } = StatusError.from(cause);
    throw new HttpRuleError(`${file}: it is no YAML or JSON: ${message.trim()}; correct it`, { cause });
  }
}
