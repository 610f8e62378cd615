import { startTestServer, type TestServer } from 'longrunning/testing';

/** Server that fakes GKE Multi-Cloud. */
export async function fakeClusters(): Promise<TestServer> {
  const server = await startTestServer();
  await server.fake('google/cloud/gkemulticloud/v1/attached_service.proto', {
    includeDirs: ['node_modules/@google-cloud/gkemulticloud/build/protos'],
    script: { default: { durationMs: 50 } },
  });
  return server;
}

/** Server that fakes Speech-to-Text and returns the same text for every recording. */
export async function fakeSpeech(): Promise<TestServer> {
  const server = await startTestServer();
  const response = { results: [{ alternatives: [{ transcript: 'hello' }] }] };
  await server.fake('google/cloud/speech/v1/cloud_speech.proto', {
    includeDirs: ['node_modules/@google-cloud/speech/build/protos'],
    script: { methods: { LongRunningRecognize: { durationMs: 50, response } } },
  });
  return server;
}
