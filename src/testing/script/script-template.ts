import type { DescMethod } from '@bufbuild/protobuf';
import type { LongRunningMethod, Schema } from '../../schema/index.js';
import { standardMethod } from '../faking/resources/standard-method.js';
import { inFlow, sampleMessage, sampleProgress } from '../faking/sample-message.js';
import { fullName } from './script-source.js';

/** Upper bound on message fields listed in a template. */
const MOST_FIELDS = 20;

/**
 * Writes a starter script for `parseScript`. It lists every method of a schema that starts operations, and the
 * available settings for them, for other methods and for faults. A `#` without a following space marks a setting.
 * The script loads as it is, and with any or all settings uncommented.
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
    `# Behavior of the methods of ${files.join(', ')}`,
    '# when they are faked: longrunning serve --script FILE, or fake(…, { script }) of a test server.',
    '#',
    '# A # directly before a setting marks an example: remove it to enable the setting. Omitted settings have their default.',
    '# Times are in milliseconds. Metadata and responses are ProtoJSON.',
  ];
}

const DEFAULT = [
  '# Defaults for methods that do not set these fields.',
  'default:',
  '  durationMs: 1000             # duration of an operation',
  '  onCancel: honour             # or ignore, unimplemented, { afterMs: 300 }',
  '  #onInterrupted: abort        # or resume: after a server crash, with --store',
  '  #error: { code: RESOURCE_EXHAUSTED, message: quota exceeded }   # all operations fail',
];

const FAULTS = [
  '# Faults to inject, in order. Each applies to calls of a method (default: any) about a name (default: any): to one call, to',
  '# several ("times"), or to all ("always"). A call meets at most one fault: an error, an effect, or only a delay.',
  'faults:',
  '  #- { method: GetOperation, code: UNAVAILABLE, times: 2 }             # any code; message and details are optional',
  '  #- { method: CancelOperation, name: operations/1, code: PERMISSION_DENIED, times: always }',
  '  #- { method: GetOperation, delayMs: 300, times: always }             # slow',
  '  #- { method: GetOperation, effect: hang }                            # never answered',
  '  #- { method: GetOperation, effect: drop }                            # the connection breaks',
  '  #- { method: GetOperation, effect: goAway }                          # answered, then the connection closes',
  '  #- { method: WaitOperation, effect: answerEarly }                    # at once, with the latest state',
  '  #- { method: GetOperation, effect: duplicate }                       # the answer before, once more',
  '  #- { method: GetOperation, effect: stale }                           # an outdated answer',
  '  #- { method: GetOperation, effect: unknownAny }                      # metadata and response of an unknown type',
  '  #- { method: GetOperation, effect: brokenAny }                       # or with bytes that cannot be decoded',
  '  #- waitUnimplemented                                                 # WaitOperation answers UNIMPLEMENTED',
  '  #- cancelUnimplemented                                               # CancelOperation answers UNIMPLEMENTED',
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

/** Lists the settings that require known metadata and response types. */
function typed({ descriptor, metadataType, responseType }: LongRunningMethod, schema: Schema): string[] {
  const metadata = sampleMessage(metadataType);
  const step = sampleProgress(metadataType);
  const kind = standardMethod(descriptor, responseType, schema.annotationOf)?.kind;
  const usual = kind === 'create' || kind === 'update' ? 'the resource' : 'an empty one';
  return [
    `    # ${metadataType.typeName}${fieldsOf(metadataType)}`,
    `    #metadata: ${inFlow(metadata)}`,
    `    #steps: ${inFlow([{ atMs: 500, metadata: step }])}`,
    `    # ${responseType.typeName}${fieldsOf(responseType)}; default: ${usual}`,
    `    #response: ${inFlow(sampleMessage(responseType))}`,
  ];
}

/** Lists methods that start no operation. */
function others(schema: Schema): string[] {
  const unary = schema.services
    .flatMap(({ methods }) => methods)
    .filter(({ methodKind }) => methodKind === 'unary')
    .filter((method) => !schema.methods.some(({ descriptor }) => descriptor === method));
  if (unary.length === 0) return [];
  const isStandard = (method: DescMethod) =>
    standardMethod(method, method.output, schema.annotationOf) !== undefined;
  return [
    '  # These methods start no operation. Standard methods serve the resources created before; others answer only as set here.',
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
