import type { DescMethod } from '@bufbuild/protobuf';
import type { LongRunningMethod, Schema } from '../../schema/index.js';
import { standardMethod } from '../faking/resources/standard-method.js';
import { inFlow, sampleMessage, sampleProgress } from '../faking/sample-message.js';
import { fullName } from './script-types.js';

/** How many fields of a message are named. */
const MOST_FIELDS = 20;

/**
 * Writes a script to begin with, for `parseScript`: it has every method of a schema that starts operations, and what may be said of
 * them, of other methods and of faults. What stands behind a `#` with no space after it is a setting; it loads as it is
 * and with any of them, or all, uncommented.
 *
 * @example
 * ```ts
 * writeFileSync('jobs.yaml', scriptTemplate(await loadSchema({ files: ['acme/jobs/v1/jobs.proto'] })));
 * ```
 */
export function scriptTemplate(schema: Schema): string {
  const sections = [
    heading(schema),
    DEFAULT,
    [
      'methods:',
      ...schema.methods.flatMap((method) => [...longRunning(method, schema), '']),
      ...others(schema),
    ],
    FAULTS,
  ];
  const text = sections.map((lines) => lines.join('\n').trimEnd()).join('\n\n');
  return `${text}\n`;
}

function heading({ files }: Schema): string[] {
  return [
    `# How the methods of ${files.join(', ')} go,`,
    '# when they are faked: longrunning serve --script FILE, or fake(…, { script }) of a test server.',
    '#',
    '# A setting with a # right before it is an example: take the # away to have it. Whatever is left out has its default.',
    '# Times are in milliseconds. Metadata and responses are ProtoJSON.',
  ];
}

const DEFAULT = [
  '# What holds where a method does not say otherwise.',
  'default:',
  '  durationMs: 1000             # how long an operation takes',
  '  onCancel: honour             # or ignore, unimplemented, { afterMs: 300 }',
  '  #onInterrupted: abort        # or resume: what becomes of work whose server died, with --store',
  '  #error: { code: RESOURCE_EXHAUSTED, message: there is no room }   # how operations end',
];

const FAULTS = [
  '# What goes wrong with calls, in order: each is for the calls of a method about a name, or any; for one call, so many',
  '# "times", or "always". A call meets one of them at most: an error, an effect, or only a delay.',
  'faults:',
  '  #- { method: GetOperation, code: UNAVAILABLE, times: 2 }             # any code; a message and details too',
  '  #- { method: CancelOperation, name: operations/1, code: PERMISSION_DENIED, times: always }',
  '  #- { method: GetOperation, delayMs: 300, times: always }             # slow',
  '  #- { method: GetOperation, effect: hang }                            # never answered',
  '  #- { method: GetOperation, effect: drop }                            # the connection breaks off',
  '  #- { method: GetOperation, effect: goAway }                          # answered, then the connection closes',
  '  #- { method: WaitOperation, effect: answerEarly }                    # at once, with the latest state',
  '  #- { method: GetOperation, effect: duplicate }                       # the answer before, once more',
  '  #- { method: GetOperation, effect: stale }                           # the last answer that differs from what is so',
  '  #- { method: GetOperation, effect: unknownAny }                      # metadata, response of a type nobody knows',
  '  #- { method: GetOperation, effect: brokenAny }                       # or with bytes that are no message',
  '  #- waitUnimplemented                                                 # WaitOperation is, for good',
  '  #- cancelUnimplemented                                               # CancelOperation is, for good',
];

function longRunning(method: LongRunningMethod, schema: Schema): string[] {
  const { name, faults } = method;
  return [
    `  ${name}:`,
    '    #durationMs: 2000',
    '    #onCancel: { afterMs: 300 }',
    ...(faults.length > 0 ? faults.map((fault) => `    # ${fault}`) : typed(method, schema)),
    '    # or: error: { code: FAILED_PRECONDITION, message: not now }',
  ];
}

/** What can only be said of types that are known. */
function typed({ descriptor, metadataType, responseType }: LongRunningMethod, schema: Schema): string[] {
  const metadata = sampleMessage(metadataType);
  const step = sampleProgress(metadataType);
  const kind = standardMethod(descriptor, responseType, schema.annotationOf)?.kind;
  const usual = kind === 'create' || kind === 'update' ? 'the resource' : 'an empty one';
  return [
    `    # ${metadataType.typeName}${fieldsOf(metadataType)}`,
    `    #metadata: ${inFlow(metadata)}`,
    `    #steps: ${inFlow([{ atMs: 500, metadata: step }])}`,
    `    # ${responseType.typeName}${fieldsOf(responseType)}; if left out: ${usual}`,
    `    #response: ${inFlow(sampleMessage(responseType))}`,
  ];
}

/** Methods that start no operation. */
function others(schema: Schema): string[] {
  const unary = schema.services
    .flatMap(({ methods }) => methods)
    .filter(({ methodKind }) => methodKind === 'unary')
    .filter((method) => !schema.methods.some(({ descriptor }) => descriptor === method));
  if (unary.length === 0) return [];
  const isStandard = (method: DescMethod) =>
    standardMethod(method, method.output, schema.annotationOf) !== undefined;
  return [
    '  # These start no operation. Standard methods find what was created before; others answer what is said here alone.',
    ...unary.map((method) => {
      const remark = isStandard(method) ? '   # a standard method' : '';
      return `  #${fullName(method)}: ${inFlow({ response: sampleMessage(method.output) })}${remark}`;
    }),
  ];
}

function fieldsOf({ fields }: { readonly fields: readonly { readonly jsonName: string }[] }): string {
  if (fields.length === 0) return '';
  const named = fields.slice(0, MOST_FIELDS).map(({ jsonName }) => jsonName);
  const left = fields.length - named.length;
  return `: ${named.join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}
