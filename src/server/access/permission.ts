/** The service that permissions are of when nobody says. */
export const DEFAULT_SERVICE = 'longrunning';

const OPERATIONS = '/google.longrunning.Operations/';

/** The five verbs, by the names of their methods. */
const VERBS: Readonly<Record<string, string>> = {
  GetOperation: 'get',
  ListOperations: 'list',
  CancelOperation: 'cancel',
  DeleteOperation: 'delete',
  WaitOperation: 'wait',
};

/** `reports.operations.cancel`, of the service `reports`: one of the five methods of operations. */
export const OPERATION_METHODS: readonly string[] = Object.keys(VERBS).map((name) => OPERATIONS + name);

/**
 * The permission that calls of a method need: `{service}.operations.{get|list|cancel|delete|wait}` for the five; for any other
 * `{service}.{its service}.{its name}`, as in `gkemulticloud.awsClusters.createAwsCluster`.
 *
 * @param method - its path.
 */
export function permissionOf(method: string, service: string): string {
  const [, typeName = '', name = ''] = method.split('/');
  const verb = method.startsWith(OPERATIONS) ? VERBS[name] : undefined;
  if (verb) return `${service}.operations.${verb}`;
  const collection = typeName.slice(typeName.lastIndexOf('.') + 1);
  return `${service}.${lowerFirst(collection)}.${lowerFirst(name)}`;
}

function lowerFirst(word: string): string {
  return `${word.charAt(0).toLowerCase()}${word.slice(1)}`;
}
