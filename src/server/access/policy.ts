/** Who has a role, and where. */
export interface PolicyBinding {
  /** A role of the policy. */
  readonly role: string;
  /**
   * `user:ada@example.com`, `serviceAccount:…`, `group:…`, `principal://…`; `allAuthenticatedUsers` is who has shown who they
   * are, `allUsers` everybody.
   */
  readonly members: readonly string[];
  /**
   * Names of resources: `projects/p/**`. A segment is text, or `*` for any one segment; the last may be `**` for any number
   * of them, none too.
   */
  readonly resources: readonly string[];
}

/** Who may do what: whatever no binding says is denied. The words are those of IAM. */
export interface Policy {
  /** What permissions begin with: `gkemulticloud`. @defaultValue 'longrunning' */
  readonly service?: string | undefined;
  /**
   * The permissions of methods other than the five, by their full names: `google.cloud.gkemulticloud.v1.AwsClusters.CreateAwsCluster`.
   *
   * @defaultValue `{service}.{its service}.{its name}`, as in `gkemulticloud.awsClusters.createAwsCluster`
   */
  readonly permissions?: Readonly<Record<string, string>> | undefined;
  /** Lists of permissions, by name. `gkemulticloud.operations.*` is all that begin so. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  readonly bindings: readonly PolicyBinding[];
}

/** One thing that is wrong with a policy. */
export interface PolicyFault {
  /** Where in it: `['bindings', 0, 'role']`. */
  readonly path: readonly (string | number)[];
  /** What is wrong, and what to do. */
  readonly reason: string;
}

/** A policy cannot be used. The message has one line for each fault: `bindings[0].role: reason`. */
export class PolicyError extends Error {
  override readonly name: string = 'PolicyError';
  /** All that is wrong. */
  readonly faults: readonly PolicyFault[];

  constructor(faults: readonly PolicyFault[]) {
    super(faults.map(({ path, reason }) => `policy is wrong at ${pathText(path)}: ${reason}`).join('\n'));
    this.faults = faults;
  }
}

function pathText(path: PolicyFault['path']): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`));
  return steps.join('').replace(/^\./, '') || 'its top';
}
