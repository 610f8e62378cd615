import { describe, expect, it } from '@jest/globals';
import { fromGax, type GaxOperation } from '../../../src/client/gax/index.js';
import { rejection } from '../../../src/conformance/kit-error.js';

describe('fromGax › a client that failed to initialize', () => {
  it('is retried at the next call', async () => {
    let attempts = 0;
    const operationsClient = {
      get operationsStub(): Promise<object> {
        return attempts++ === 0 ? Promise.reject(new Error('no token server')) : Promise.resolve({});
      },
      innerApiCalls: {
        getOperation: () => Object.assign(Promise.resolve([{ name: 'operations/1' }]), { cancel() {} }),
      },
    };
    const decoder = () => ({});
    const started: GaxOperation<object, object> = {
      latestResponse: { name: 'operations/1' },
      longrunningDescriptor: { operationsClient, responseDecoder: decoder, metadataDecoder: decoder },
      promise: () => Promise.reject(new Error('not asked for')),
    };
    const handle = fromGax(started);
    expect(await rejection(handle.get())).toMatchObject({ message: 'no token server' });
    expect((await handle.get()).state).toBe('running');
    expect((await handle.get()).state).toBe('running');
    expect(attempts).toBe(2);
  });
});
