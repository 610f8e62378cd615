import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { create, createFileRegistry } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  file_google_protobuf_any,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { createGateway } from 'longrunning/gateway';
import { createOperations, service } from 'longrunning/server';
import { answerParent } from '../harness/parent-link.ts';
import { type ServerRequests, serverRequests } from './serve.ts';

/** A gateway whose method takes a message with every kind of field, and answers with nothing. */
export type BodiesRequests = ServerRequests & {
  /** Serves; tells the addresses of the gateway, and of a handler that does nothing but read a body and parse it. */
  listen(input: undefined): Promise<{ readonly gateway: string; readonly parser: string }>;
  /** Frees what earlier requests left behind, so that no request pays for another. */
  collectGarbage(): void;
};

const PATH = '/bench.Bodies/Send';
const passed = (bytes: Buffer) => bytes;

function bodiesRegistry() {
  const messageField = (name: string, number: number, typeName: string, label = Label.OPTIONAL) => ({
    name,
    jsonName: name,
    number,
    label,
    type: Type.MESSAGE,
    typeName,
  });
  const scalar = (name: string, number: number, type: Type, label = Label.OPTIONAL) => ({
    name,
    jsonName: name,
    number,
    label,
    type,
  });
  const imports = [file_google_protobuf_any, file_google_protobuf_field_mask, file_google_protobuf_struct];
  const file = create(FileDescriptorProtoSchema, {
    name: 'bodies.proto',
    syntax: 'proto3',
    package: 'bench',
    dependency: imports.map(({ proto }) => proto.name),
    messageType: [
      {
        name: 'Body',
        field: [
          scalar('name', 1, Type.STRING),
          scalar('data', 2, Type.BYTES),
          scalar('big', 3, Type.INT64),
          scalar('numbers', 4, Type.INT32, Label.REPEATED),
          messageField('extra', 5, '.google.protobuf.Struct'),
          messageField('bodies', 6, '.bench.Body', Label.REPEATED),
          messageField('mask', 7, '.google.protobuf.FieldMask'),
          messageField('value', 8, '.google.protobuf.Value'),
          messageField('any', 9, '.google.protobuf.Any'),
          messageField('labels', 10, '.bench.Body.LabelsEntry', Label.REPEATED),
        ],
        nestedType: [
          {
            name: 'LabelsEntry',
            options: { mapEntry: true },
            field: [scalar('key', 1, Type.STRING), scalar('value', 2, Type.STRING)],
          },
        ],
      },
    ],
    service: [
      { name: 'Bodies', method: [{ name: 'Send', inputType: '.bench.Body', outputType: '.bench.Body' }] },
    ],
  });
  return createFileRegistry(file, (name) => imports.find(({ proto }) => proto.name === name));
}

const RULES = `
name: bench
type: google.api.Service
http: { rules: [{ selector: bench.Bodies.Send, post: /v1/bodies, body: '*' }] }`;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

answerParent({
  ...serverRequests,
  collectGarbage,
  async listen() {
    const method = { path: PATH, requestStream: false, responseStream: false };
    const codec = {
      requestSerialize: passed,
      requestDeserialize: passed,
      responseSerialize: passed,
      responseDeserialize: passed,
    };
    const bodies = service(
      { send: { ...method, ...codec } },
      {
        send: (_call: unknown, answer: (error: null, bytes: Buffer) => void) => answer(null, Buffer.alloc(0)),
      },
    );
    const gateway = createGateway({
      operations: createOperations({ services: [bodies] }),
      descriptors: bodiesRegistry(),
      serviceConfig: { file: 'bench.yaml', text: RULES },
    });
    const parser = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      JSON.parse(Buffer.concat(chunks).toString());
      response.end();
    });
    return {
      gateway: await listenHttp(createServer(gateway.serverOptions, gateway)),
      parser: await listenHttp(parser),
    };
  },
} satisfies BodiesRequests);

async function listenHttp(server: HttpServer): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
