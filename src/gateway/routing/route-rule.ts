import { quoted } from '../../core/status.js';
import { HttpRuleError, type PathTemplate, parseTemplate } from '../../schema/path-template.js';

/** HTTP method and path template. */
export interface RouteRule {
  /** Method as requests spell it, such as `GET`, or `*` for any method. */
  readonly httpMethod: string;
  /** Template such as `/v1/{name=operations/**}:cancel`. */
  readonly template: string;
}

/** RFC 9110 token. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Parses the template of a rule.
 *
 * @throws HttpRuleError if the template is malformed or the method is not a valid name.
 */
export function parseRule({ httpMethod, template }: RouteRule): PathTemplate {
  if (!METHOD.test(httpMethod)) {
    throw new HttpRuleError(
      `rule of path template ${quoted(template)} has the invalid HTTP method ${quoted(httpMethod)}: write a name such as "GET", or "*" for any`,
    );
  }
  return parseTemplate(template);
}
