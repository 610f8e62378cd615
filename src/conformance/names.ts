import { deepEqual, match } from 'node:assert/strict';
import { Code } from '../core/status.js';
import { expectKitError } from './kit-error.js';
import { PARENT } from './reports-server.js';
import { type Open, type Topic, testCase } from './test-case.js';

/** Methods that take the name of an operation. */
const BY_NAME = ['getOperation', 'cancelOperation', 'deleteOperation', 'waitOperation'] as const;

const MALFORMED: Readonly<Record<string, string>> = {
  empty: '',
  'without operations/{id} at its end': 'projects/p',
  'a collection, without an id': 'projects/p/operations',
  'operations alone': 'operations',
  'with text before operations': 'projects/p/myoperations/1',
  'with more after the id': 'operations/1/steps',
  'with a leading slash': '/operations/1',
  'with a trailing slash': 'operations/1/',
  'with a double slash': 'projects//operations/1',
  'with a dot segment': 'projects/./operations/1',
  'with a parent segment': 'projects/../operations/1',
  'with a dot id': 'operations/..',
  'with a control character': 'operations/1\u0007',
  'with a line feed at its end': 'operations/1\n',
  'with a C1 control character': 'operations/\u0085x',
  'with a leading space': ' operations/1',
  'with a trailing space': 'operations/1 ',
  'with a replacement character, as invalid UTF-8 decodes': 'operations/\uFFFD',
  'of 1,025 bytes': `operations/${'x'.repeat(1014)}`,
  'of 1,025 bytes in fewer characters': `operations/${'é'.repeat(507)}`,
};

const UNKNOWN: Readonly<Record<string, string>> = {
  plain: 'operations/none',
  'under a parent': `${PARENT}/operations/none`,
  'of 1,024 bytes': `operations/${'x'.repeat(1013)}`,
  'of 1,024 bytes in fewer characters': `operations/x${'é'.repeat(506)}`,
  'with an astral character': 'operations/😀',
  'with spaces inside': 'projects/my project/operations/1',
  'with a colon': 'operations/1:cancel',
  'with dots among others': 'operations/..1..',
};

/** Names of operations and of their parents. */
export const names: Topic<Open> = {
  name: 'names',
  cases: [
    ...BY_NAME.flatMap((method) => [
      testCase<Open>(
        `${method} › malformed: INVALID_ARGUMENT that blames the field`,
        [9, 32],
        async (open) => {
          const { operations } = await open();
          for (const name of Object.values(MALFORMED)) {
            await expectKitError(operations[method]({ name }), Code.INVALID_ARGUMENT, { field: 'name' });
          }
        },
      ),

      testCase<Open>(`${method} › well-formed but unknown: NOT_FOUND`, [9, 15, 20, 32], async (open) => {
        const server = await open();
        await server.exportReport();
        for (const name of Object.values(UNKNOWN)) {
          const reason = 'OPERATION_NOT_FOUND';
          const asked = server.operations[method]({ name });
          const error = await expectKitError(asked, Code.NOT_FOUND, { reason });
          match(error.message, /does not exist/);
        }
      }),
    ]),

    testCase('list › malformed parent: INVALID_ARGUMENT that blames the field', [9, 25, 32], async (open) => {
      const { operations } = await open();
      for (const name of ['/projects', 'projects/', 'a//b', 'a/../b', ' a', 'a\u0000', 'é'.repeat(513)]) {
        await expectKitError(operations.listOperations({ name }), Code.INVALID_ARGUMENT, { field: 'name' });
      }
    }),

    testCase('list › well-formed parent without operations: an empty page', [25], async (open) => {
      const { operations } = await open();
      const page = await operations.listOperations({ name: 'é'.repeat(512) });
      deepEqual(page, { operations: [], nextPageToken: '', unreachable: [] });
    }),
  ],
};
