import { type DescMethod, fromBinary, fromJson, type JsonObject, toBinary, toJson } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Code, StatusError } from '../../../src/core/status.js';
import { loadSchema, type Schema } from '../../../src/schema/index.js';
import { type Script, startTestServer, type TestServer } from '../../../src/testing/index.js';
import { GKE_PROTOS, protoFiles } from '../../schema/proto-files.js';

const PARENT = 'projects/p/locations/l';
const NAME = `${PARENT}/attachedClusters/a`;

const BOOKS = `syntax = "proto3"; package acme; import "google/protobuf/field_mask.proto"; import "google/protobuf/empty.proto";
  message Book { string name = 1; string title = 2; Cover cover = 3; } message Cover { string colour = 1; string kind = 2; }
  message CreateBookRequest { string parent = 1; Book book = 2; string book_id = 3; }
  message GetBookRequest { string name = 1; } message DeleteBookRequest { string name = 1; }
  message UpdateBookRequest { Book book = 1; google.protobuf.FieldMask update_mask = 2; }
  message ListBooksRequest { string parent = 1; int32 page_size = 2; string page_token = 3; }
  message ListBooksResponse { repeated Book books = 1; string next_page_token = 2; }
  service Books {
    rpc CreateBook(CreateBookRequest) returns (Book); rpc GetBook(GetBookRequest) returns (Book);
    rpc UpdateBook(UpdateBookRequest) returns (Book); rpc DeleteBook(DeleteBookRequest) returns (google.protobuf.Empty);
    rpc ListBooks(ListBooksRequest) returns (ListBooksResponse);
  }`;

/** Calls methods of a schema in ProtoJSON. */
function caller(
  server: TestServer,
  schema: Schema,
): Disposable & { call(method: string, request: JsonObject): Promise<JsonObject> } {
  const client = new Client(server.address, credentials.createInsecure());
  const methods = schema.services.flatMap((service) => service.methods);
  const { registry } = schema;
  return {
    call: (name, request) =>
      new Promise((resolve, reject) => {
        const method = methods.find((candidate) => candidate.name === name) as DescMethod;
        const bytes = toBinary(method.input, fromJson(method.input, request, { registry }));
        client.makeUnaryRequest(
          `/${method.parent.typeName}/${name}`,
          Buffer.from,
          (answer) => toJson(method.output, fromBinary(method.output, answer), { registry }) as JsonObject,
          bytes,
          (error, answer) => (error ? reject(StatusError.from(error)) : resolve(answer ?? {})),
        );
      }),
    [Symbol.dispose]: () => client.close(),
  };
}

describe('the resources of a long-running API', () => {
  const file = 'google/cloud/gkemulticloud/v1/attached_service.proto';
  const includeDirs = [GKE_PROTOS];
  let gke: Schema;
  beforeAll(async () => {
    gke = await loadSchema({ files: [file], includeDirs });
  });

  it('exist once their creation succeeds, until their deletion succeeds', async () => {
    await using server = await startTestServer({ clock: 'manual' });
    await server.fake(file, { includeDirs });
    using api = caller(server, gke);
    const get = () => api.call('GetAttachedCluster', { name: NAME });
    const creating = { parent: PARENT, attachedClusterId: 'a', attachedCluster: { description: 'x' } };
    const { name } = await api.call('CreateAttachedCluster', creating);
    await expect(get()).rejects.toMatchObject({ code: Code.NOT_FOUND });
    await server.clock.advance(1000);
    expect(await get()).toEqual({ name: NAME, description: 'x', etag: expect.any(String) });
    const created = await server.client.getOperation({ name: String(name) });
    expect(created.result).toMatchObject({
      $case: 'response',
      value: { typeUrl: expect.stringMatching(/AttachedCluster$/) },
    });
    await expect(api.call('CreateAttachedCluster', creating)).rejects.toMatchObject({
      code: Code.ALREADY_EXISTS,
    });

    await api.call('UpdateAttachedCluster', {
      attachedCluster: { name: NAME, description: 'y' },
      updateMask: 'description',
    });
    await server.clock.advance(1000);
    expect(await api.call('ListAttachedClusters', { parent: 'projects/-/locations/l' })).toEqual({
      attachedClusters: [{ name: NAME, description: 'y', etag: expect.any(String) }],
    });
    await api.call('DeleteAttachedCluster', { name: NAME });
    await server.clock.advance(1000);
    await expect(get()).rejects.toMatchObject({ code: Code.NOT_FOUND });
  });

  it('are as scripted, and are not created if creation fails', async () => {
    await using server = await startTestServer({ clock: 'manual' });
    const response = { name: NAME, platformVersion: '1.33' };
    const script = { methods: { CreateAttachedCluster: { durationMs: 0, response } } };
    await server.fake(file, { includeDirs, script });
    using api = caller(server, gke);
    await api.call('CreateAttachedCluster', { parent: PARENT });
    await server.clock.advance(0);
    expect(await api.call('GetAttachedCluster', { name: NAME })).toEqual(response);
    server.reset();
    const error = { code: 'ABORTED', message: 'no' } as const;
    server.script({ methods: { CreateAttachedCluster: { durationMs: 0, error } } });
    await api.call('CreateAttachedCluster', { parent: PARENT, attachedClusterId: 'a' });
    await server.clock.advance(0);
    await expect(api.call('GetAttachedCluster', { name: NAME })).rejects.toMatchObject({
      code: Code.NOT_FOUND,
    });
  });
});

describe('the resources of an API without operations', () => {
  async function books(script: Script = {}): Promise<[TestServer, ReturnType<typeof caller>]> {
    using files = protoFiles({ 'books.proto': BOOKS });
    const schema = await loadSchema({ files: [files.path('books.proto')] });
    const server = await startTestServer();
    await server.fake(files.path('books.proto'), { script });
    return [server, caller(server, schema)];
  }

  it('are created, read, updated field by field, listed page by page and deleted', async () => {
    const [server, api] = await books();
    await using _ = server;
    using __ = api;
    const book = { title: 'A', cover: { colour: 'red', kind: 'hard' } };
    expect(await api.call('CreateBook', { parent: 'shelves/1', bookId: 'a', book })).toEqual({
      name: 'shelves/1/books/a',
      ...book,
    });
    expect(await api.call('CreateBook', { parent: 'shelves/1', book: {} })).toEqual({
      name: 'shelves/1/books/1',
    });
    const changed = { name: 'shelves/1/books/a', title: 'ignored', cover: { colour: 'blue' } };
    await api.call('UpdateBook', { book: changed, updateMask: 'cover.colour' });
    const updated = { ...book, name: 'shelves/1/books/a', cover: { colour: 'blue', kind: 'hard' } };
    expect(await api.call('GetBook', { name: 'shelves/1/books/a' })).toEqual(updated);
    const first = await api.call('ListBooks', { parent: 'shelves/1', pageSize: 1 });
    expect(first).toEqual({ books: [updated], nextPageToken: '1' });
    expect(await api.call('ListBooks', { parent: 'shelves/1', pageToken: '1' })).toEqual({
      books: [{ name: 'shelves/1/books/1' }],
    });
    expect(await api.call('ListBooks', { parent: 'shelves/2' })).toEqual({});
    await api.call('DeleteBook', { name: 'shelves/1/books/1' });
    for (const method of ['DeleteBook', 'GetBook']) {
      await expect(api.call(method, { name: 'shelves/1/books/1' })).rejects.toMatchObject({
        code: Code.NOT_FOUND,
      });
    }
    await expect(api.call('ListBooks', { pageToken: '?' })).rejects.toMatchObject({
      code: Code.INVALID_ARGUMENT,
    });
    await expect(api.call('UpdateBook', { book: { name: 'x' } })).rejects.toMatchObject({
      code: Code.NOT_FOUND,
    });
  });

  it('are not used if the script defines the answer', async () => {
    const [server, api] = await books({ methods: { GetBook: { response: { title: 'canned' } } } });
    await using _ = server;
    using __ = api;
    expect(await api.call('GetBook', { name: 'shelves/1/books/a' })).toEqual({ title: 'canned' });
    server.script({ methods: { GetBook: { error: { code: 'PERMISSION_DENIED', message: 'not yours' } } } });
    await expect(api.call('GetBook', { name: 'x' })).rejects.toMatchObject({
      code: Code.PERMISSION_DENIED,
      message: 'not yours',
    });
  });
});
