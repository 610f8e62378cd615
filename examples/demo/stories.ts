import { Code } from 'longrunning';
import type { GkeOperation } from './gke-operation.ts';
import type { Transcript } from './transcript.ts';

/** Cancelled: the operation is kept, done, with `error.code` 1. */
export async function cancelled({ say, expect }: Transcript, operation: GkeOperation): Promise<void> {
  say(`created: ${operation.name}`);

  say('get');
  expect('it is running', (await operation.get()).done, false);

  say('cancel');
  expect('the answer is OK', await operation.cancel(), Code.OK);

  say('get');
  const pending = await operation.get();
  expect('it is still running', pending.done, false);
  expect('metadata.requestedCancellation is true', pending.cancelRequested, true);

  say('get, until it is done');
  const ended = await operation.end();
  expect('it is kept, and done', ended.done, true);
  expect('error.code is 1', ended.errorCode, Code.CANCELLED);
  expect('metadata.requestedCancellation is still true', ended.cancelRequested, true);
}

/** Ignores the cancellation and completes. */
export async function completedAllTheSame(
  { say, expect }: Transcript,
  operation: GkeOperation,
): Promise<void> {
  say(`created: ${operation.name}`);

  say('cancel');
  expect('the answer is OK', await operation.cancel(), Code.OK);

  say('get, until it is done');
  const ended = await operation.end();
  expect('it has a response, and no error', ended.outcome, 'response');
  expect('metadata.requestedCancellation is true', ended.cancelRequested, true);
}

/** Method that cannot be cancelled. */
export async function wentOn({ say, expect }: Transcript, operation: GkeOperation): Promise<void> {
  say(`created: ${operation.name}`);

  say('cancel');
  expect('the answer is UNIMPLEMENTED', await operation.cancel(), Code.UNIMPLEMENTED);

  say('get');
  const running = await operation.get();
  expect('it goes on', running.done, false);
  expect('metadata.requestedCancellation is false', running.cancelRequested, false);

  say('get, until it is done');
  expect('it has a response', (await operation.end()).outcome, 'response');
}
