import { describe, expect, it, jest } from '@jest/globals';
import { OperationFailedError as OwnFailedError, StatusError as OwnStatusError } from '../../src/index.js';

type Client = typeof import('../../src/index.js');

/** A second copy of the package, like its CommonJS build beside its ESM build. */
async function anotherCopy(): Promise<Client> {
  let copy: Client | undefined;
  await jest.isolateModulesAsync(async () => {
    copy = await import('../../src/index.js');
  });
  if (!copy || copy.StatusError === OwnStatusError) throw new Error('not another copy');
  return copy;
}

describe('errors of another copy of the package', () => {
  it('are instances of the class with the same name, and of its base classes', async () => {
    const { OperationFailedError, OperationError, WaitTimeoutError, StatusError, Code } = await anotherCopy();
    const error = new StatusError(Code.NOT_FOUND, 'gone');
    const snapshot = { state: 'failed', name: 'operations/1', error } as never;
    const failed = new OperationFailedError('operations/1', snapshot);
    expect(failed).toBeInstanceOf(OwnFailedError);
    expect(failed).toBeInstanceOf(OwnStatusError);
    expect(failed).toBeInstanceOf(OperationError);
    expect(failed).not.toBeInstanceOf(WaitTimeoutError);
    expect(error).toBeInstanceOf(OwnStatusError);
    expect(error).not.toBeInstanceOf(OwnFailedError);
    expect(OwnStatusError.from(failed)).toBe(failed);
  });

  it('are not instances of a user-defined subclass', async () => {
    class MyError extends OwnStatusError {}
    const { StatusError, Code } = await anotherCopy();
    expect(new StatusError(Code.ABORTED, 'x')).not.toBeInstanceOf(MyError);
    expect(new OwnStatusError(Code.ABORTED, 'x')).not.toBeInstanceOf(MyError);
    expect(new MyError(Code.ABORTED, 'x')).toBeInstanceOf(MyError);
    expect(new MyError(Code.ABORTED, 'x')).toBeInstanceOf(StatusError);
  });

  it.each([undefined, null, 5, 'text', {}, Object.create(null), new Error('x'), () => {}])(
    '%p is not an error of the kit',
    (value) => {
      expect(value instanceof OwnStatusError).toBe(false);
    },
  );
});
