import { v2 } from '@google-cloud/speech';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SPEECH_PROTOS } from '../schema/proto-files.js';
import { cancelListAndDelete, type FakedApi, fakeApi, restOptions } from './faked-api.js';

// Loading google-gax and the protos takes long.
jest.setTimeout(300_000);

const PARENT = 'projects/p/locations/us-west1';
/** Rules for Operations from the API's own service configuration, which begin with another version. */
const SERVICE_CONFIG = `
type: google.api.Service
config_version: 3
name: speech.googleapis.com
apis:
- name: google.cloud.location.Locations
- name: google.cloud.speech.v2.Speech
- name: google.longrunning.Operations
http:
  rules:
  - selector: google.cloud.location.Locations.GetLocation
    get: '/v2/{name=projects/*/locations/*}'
  - selector: google.longrunning.Operations.CancelOperation
    post: '/v2/{name=projects/*/locations/*/operations/*}:cancel'
    body: '*'
  - selector: google.longrunning.Operations.DeleteOperation
    delete: '/v2/{name=projects/*/locations/*/operations/*}'
  - selector: google.longrunning.Operations.GetOperation
    get: '/v2/{name=projects/*/locations/*/operations/*}'
  - selector: google.longrunning.Operations.ListOperations
    get: '/v2/{name=projects/*/locations/*}/operations'
`;

describe('the Speech client over REST, with a service configuration', () => {
  let api: FakedApi;
  let client: v2.SpeechClient;

  beforeAll(async () => {
    api = await fakeApi({
      file: 'google/cloud/speech/v2/cloud_speech.proto',
      includeDir: SPEECH_PROTOS,
      serviceConfig: { file: 'speech_v2.yaml', text: SERVICE_CONFIG },
    });
    client = new v2.SpeechClient(restOptions(api.port));
  });
  afterAll(async () => {
    await client.close();
    await api[Symbol.asyncDispose]();
  });

  it('starts, gets, cancels, reads error.code 1, lists and deletes', async () => {
    const recognizer = `${PARENT}/recognizers/r`;
    const [started] = await client.batchRecognize({ recognizer, files: [{ uri: 'gs://b/a.wav' }] });
    await cancelListAndDelete(client.operationsClient, started, PARENT);
    expect(api.asked()).toEqual(
      expect.arrayContaining([
        `POST /v2/${recognizer}:batchRecognize`,
        `GET /v2/${PARENT}/operations/*`,
        `POST /v2/${PARENT}/operations/*:cancel`,
        `GET /v2/${PARENT}/operations`,
        `DELETE /v2/${PARENT}/operations/*`,
      ]),
    );
  });
});
