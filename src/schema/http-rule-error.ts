/** Invalid HTTP rules. The message names the template, or the file and the rule, and the fix. */
export class HttpRuleError extends Error {
  override readonly name: string = 'HttpRuleError';
}
