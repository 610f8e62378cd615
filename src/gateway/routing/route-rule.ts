import { quoted } from '../../core/status.js';
import { HttpRuleError } from '../../schema/http-rule-error.js';
import { type PathTemplate, parseTemplate } from '../../schema/path-template.js';

/** An HTTP method and a path template. */
export interface RouteRule {
  /** `GET`, `POST`, … as requests spell it; `*` stands for any. */
  readonly httpMethod: string;
  /** `/v1/{name=operations/**}:cancel`. */
  readonly template: string;
}

/** RFC 9110 token. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Takes the template of a rule apart.
 *
 * @throws HttpRuleError when it is malformed, or the method is no name.
 */
export function parseRule({ httpMethod, template }: RouteRule): PathTemplate {
  if (!METHOD.test(httpMethod)) {
    throw new HttpRuleError(
      `rule of path template ${quoted(template)} has the HTTP method ${quoted(httpMethod)}, which is none: write a name such as "GET", or "*" for any`,
    );
  }
  return parseTemplate(template);
}
