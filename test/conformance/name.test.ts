import { describe, expect, it } from '@jest/globals';
import type { OperationsApi } from '../../src/operations-api.js';
import { Code } from '../../src/status.js';
import { expectKitError } from '../helpers/rejection.js';
import { PARENT } from '../helpers/reports-server.js';
import { onEveryServer } from './every-server.js';

/** The four methods that take the name of an operation. */
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

onEveryServer('names', (open) => {
  describe.each(BY_NAME)('%s', (method) => {
    const call = (operations: OperationsApi, name: string) => operations[method]({ name });

    it('malformed name: INVALID_ARGUMENT that blames the field (contract 9, 32)', async () => {
      await using server = await open();
      for (const name of Object.values(MALFORMED)) {
        await expectKitError(call(server.operations, name), Code.INVALID_ARGUMENT, { field: 'name' });
      }
    });

    it('well-formed but unknown name: NOT_FOUND (contract 9, 15, 20, 32)', async () => {
      await using server = await open();
      await server.exportReport();
      for (const name of Object.values(UNKNOWN)) {
        const reason = 'OPERATION_NOT_FOUND';
        const error = await expectKitError(call(server.operations, name), Code.NOT_FOUND, { reason });
        expect(error.message).toContain('does not exist');
      }
    });
  });

  it('list › malformed parent: INVALID_ARGUMENT that blames the field (contract 9, 25, 32)', async () => {
    await using server = await open();
    for (const name of ['/projects', 'projects/', 'a//b', 'a/../b', ' a', 'a\u0000', 'é'.repeat(513)]) {
      const listed = server.operations.listOperations({ name });
      await expectKitError(listed, Code.INVALID_ARGUMENT, { field: 'name' });
    }
  });

  it('list › well-formed parent without operations: an empty page (contract 25)', async () => {
    await using server = await open();
    const page = await server.operations.listOperations({ name: 'é'.repeat(512) });
    expect(page).toEqual({ operations: [], nextPageToken: '', unreachable: [] });
  });
});
