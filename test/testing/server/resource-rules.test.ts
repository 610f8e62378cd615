import { type DescMethod, fromBinary, fromJson, type JsonObject, toBinary, toJson } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Code, StatusError } from '../../../src/core/status.js';
import { loadSchema, type Schema } from '../../../src/schema/index.js';
import { startTestServer, type TestServer } from '../../../src/testing/index.js';
import { protoFiles } from '../../schema/proto-files.js';

/** Standard methods of AIP-131 to 135, with every field that those pages define. */
const books = (version: string) => `syntax = "proto3"; package acme.library.${version};
  import "google/longrunning/operations.proto"; import "google/api/annotations.proto";
  import "google/protobuf/field_mask.proto"; import "google/protobuf/empty.proto"; import "google/protobuf/timestamp.proto";
  message Book {
    string name = 1; string title = 2; Cover cover = 3; int64 pages = 4; string etag = 5;
    map<string, string> labels = 6; google.protobuf.Timestamp print_time = 7;
  }
  message Cover { string colour = 1; int32 weight = 2; }
  message Shelf { string name = 1; }
  message Progress { string target = 1; string verb = 2; }
  message GetBookRequest { string name = 1; }
  message ListBooksRequest { string parent = 1; int32 page_size = 2; string page_token = 3; string filter = 4; string order_by = 5; }
  message ListBooksResponse { repeated Book books = 1; string next_page_token = 2; }
  message CreateBookRequest { string parent = 1; Book book = 2; string book_id = 3; bool validate_only = 4; }
  message UpdateBookRequest { Book book = 1; google.protobuf.FieldMask update_mask = 2; bool allow_missing = 3; bool validate_only = 4; }
  message DeleteBookRequest { string name = 1; string etag = 2; bool allow_missing = 3; bool validate_only = 4; }
  message CreateShelfRequest { string parent = 1; Shelf shelf = 2; string shelf_id = 3; bool validate_only = 4; }
  message DeleteShelfRequest { string name = 1; bool allow_missing = 2; }
  message GetShelfRequest { string name = 1; }
  service Library {
    rpc GetBook(GetBookRequest) returns (Book); rpc ListBooks(ListBooksRequest) returns (ListBooksResponse);
    rpc CreateBook(CreateBookRequest) returns (Book); rpc UpdateBook(UpdateBookRequest) returns (Book);
    rpc DeleteBook(DeleteBookRequest) returns (google.protobuf.Empty);
    rpc GetShelf(GetShelfRequest) returns (Shelf);
    rpc CreateShelf(CreateShelfRequest) returns (google.longrunning.Operation) {
      option (google.api.http) = { post: "/${version}/{parent=rooms/*}/shelves" body: "shelf" };
      option (google.longrunning.operation_info) = { response_type: "Shelf" metadata_type: "Progress" };
    }
    rpc DeleteShelf(DeleteShelfRequest) returns (google.longrunning.Operation) {
      option (google.api.http) = { delete: "/${version}/{name=rooms/*/shelves/*}" };
      option (google.longrunning.operation_info) = { response_type: "google.protobuf.Empty" metadata_type: "Progress" };
    }
  }`;

describe('resources of a fake API', () => {
  let server: TestServer;
  let schema: Schema;
  let client: Client;
  beforeEach(async () => {
    using files = protoFiles({ 'library_v1.proto': books('v1'), 'library_v2.proto': books('v2') });
    const sources = [files.path('library_v1.proto'), files.path('library_v2.proto')];
    schema = await loadSchema({ files: sources });
    server = await startTestServer({ clock: 'manual' });
    await server.fake(sources);
    client = new Client(server.address, credentials.createInsecure());
  });
  afterEach(async () => {
    client.close();
    await server.close();
  });

  function call(name: string, request: JsonObject, version = 'v1'): Promise<JsonObject> {
    const service = schema.services.find(({ typeName }) => typeName === `acme.library.${version}.Library`);
    const method = service?.methods.find((candidate) => candidate.name === name) as DescMethod;
    const { registry } = schema;
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        `/${method.parent.typeName}/${name}`,
        Buffer.from,
        (answer) => toJson(method.output, fromBinary(method.output, answer), { registry }) as JsonObject,
        toBinary(method.input, fromJson(method.input, request, { registry })),
        (error, answer) => (error ? reject(StatusError.from(error)) : resolve(answer ?? {})),
      );
    });
  }

  const create = (bookId: string, book: JsonObject = {}) =>
    call('CreateBook', { parent: 'shelves/1', bookId, book });
  const list = async (request: JsonObject) => {
    const { books = [] } = await call('ListBooks', { parent: 'shelves/1', ...request });
    return (books as { name: string }[]).map(({ name }) => name.replace('shelves/1/books/', ''));
  };
  const refused = (called: Promise<unknown>, code: Code, message: RegExp) =>
    expect(called).rejects.toMatchObject({ code, message: expect.stringMatching(message) });

  describe('lists (AIP-132, 158, 160)', () => {
    beforeEach(async () => {
      await create('a', { title: 'B', pages: '9007199254740993', cover: { colour: 'red', weight: 2 } });
      await create('b', {
        title: 'A',
        pages: '10',
        labels: { lang: 'de' },
        printTime: '2026-01-02T00:00:00Z',
      });
      await create('c', {
        title: 'A',
        pages: '9',
        cover: { weight: 1 },
        printTime: '2026-01-01T00:00:00.5Z',
      });
    });

    it.each([
      ['title = "A"', ['b', 'c']],
      ['title = A AND pages < 10', ['c']],
      ['cover.colour = red OR labels.lang = de', ['a', 'b']],
      ['NOT cover:*', ['b']],
      ['print_time > "2026-01-01T00:00:01Z"', ['b']],
      ['pages = 9007199254740993', ['a']],
    ])('apply filter %s', async (filter, expected) => {
      expect(await list({ filter })).toEqual(expected);
    });

    it.each([
      ['titel = A', /column 1, "titel": acme\.library\.v1\.Book has no such field; did you mean title/],
      ['cover.x = 1', /"cover" has no such field/],
      ['title =', /filter is wrong/],
      ['pages = many', /"many" with "pages"/],
    ])('reject filter %s', async (filter, message) => {
      await refused(list({ filter }), Code.INVALID_ARGUMENT, message);
    });

    it.each([
      ['title', ['b', 'c', 'a']],
      ['title, pages', ['c', 'b', 'a']],
      ['title desc,pages  desc', ['a', 'b', 'c']],
      ['cover.weight desc', ['a', 'c', 'b']],
      ['print_time', ['a', 'c', 'b']],
    ])('apply order %s', async (orderBy, expected) => {
      expect(await list({ orderBy })).toEqual(expected);
    });

    it.each(['nothing', 'labels', 'title up', 'title.x', ','])('reject order %s', async (orderBy) => {
      await refused(list({ orderBy }), Code.INVALID_ARGUMENT, /^order /);
    });

    it('keep filter and order across pages', async () => {
      const request = { parent: 'shelves/1', filter: 'pages < 100', orderBy: 'pages', pageSize: 1 };
      const { nextPageToken = '' } = await call('ListBooks', request);
      expect(await list({ ...request, pageToken: nextPageToken })).toEqual(['b']);
    });

    it('reject a negative page size', async () => {
      await refused(list({ pageSize: -1 }), Code.INVALID_ARGUMENT, /^page size must be 0 or more, got -1$/);
    });
  });

  describe('updates (AIP-134, 161)', () => {
    const update = (book: JsonObject, others: JsonObject = {}) => call('UpdateBook', { book, ...others });

    it.each([
      ['titel', /"titel".*did you mean title/],
      ['cover.size', /no field "size"/],
      ['title.x', /goes through/],
    ])('reject a mask with the unknown path %s', async (updateMask, message) => {
      await create('a');
      // JSON masks are in camelCase; these words are the same in both.
      await refused(update({ name: 'shelves/1/books/a' }, { updateMask }), Code.INVALID_ARGUMENT, message);
    });

    it('accept a map key in a mask', async () => {
      await create('a', { labels: { lang: 'de', size: 's' } });
      const book = { name: 'shelves/1/books/a', labels: { lang: 'en' } };
      await update(book, { updateMask: 'labels.lang' });
      expect(await call('GetBook', { name: book.name })).toMatchObject({ labels: { lang: 'en', size: 's' } });
      await update(book, { updateMask: 'labels.size' });
      expect((await call('GetBook', { name: book.name })).labels).toEqual({ lang: 'en' });
    });

    it('create with allow_missing', async () => {
      const name = 'shelves/1/books/new';
      await refused(update({ name }), Code.NOT_FOUND, /does not exist/);
      await update({ name, title: 'A' }, { allowMissing: true });
      expect(await call('GetBook', { name })).toMatchObject({ title: 'A' });
    });

    it('reject an outdated etag (AIP-154)', async () => {
      const { etag: first = '' } = await create('a');
      const { etag: second = '' } = await update({ name: 'shelves/1/books/a', title: 'B', etag: first });
      expect(second).not.toBe(first);
      await refused(
        update({ name: 'shelves/1/books/a', etag: first }),
        Code.ABORTED,
        /has changed since etag/,
      );
      await refused(call('DeleteBook', { name: 'shelves/1/books/a', etag: first }), Code.ABORTED, /etag/);
      await call('DeleteBook', { name: 'shelves/1/books/a', etag: second });
    });
  });

  it('validate_only checks and changes nothing (AIP-163)', async () => {
    const creating = { parent: 'shelves/1', bookId: 'a', book: { title: 'A' }, validateOnly: true };
    expect(await call('CreateBook', creating)).toMatchObject({ name: 'shelves/1/books/a', title: 'A' });
    expect(await list({})).toEqual([]);
    await create('a', { title: 'A' });
    await refused(call('CreateBook', creating), Code.ALREADY_EXISTS, /exists/);
    const book = { name: 'shelves/1/books/a', title: 'B' };
    expect(await call('UpdateBook', { book, validateOnly: true })).toMatchObject({ title: 'B' });
    expect(await call('GetBook', { name: book.name })).toMatchObject({ title: 'A' });
    await call('DeleteBook', { name: book.name, validateOnly: true });
    expect(await list({})).toEqual(['a']);
  });

  it('deleting what does not exist is NOT_FOUND, unless allow_missing is set (AIP-135)', async () => {
    await refused(call('DeleteBook', { name: 'shelves/1/books/x' }), Code.NOT_FOUND, /does not exist/);
    expect(await call('DeleteBook', { name: 'shelves/1/books/x', allowMissing: true })).toEqual({});
    await refused(call('DeleteShelf', { name: 'rooms/1/shelves/x' }), Code.NOT_FOUND, /does not exist/);
    await expect(
      call('DeleteShelf', { name: 'rooms/1/shelves/x', allowMissing: true }),
    ).resolves.toMatchObject({ name: expect.stringMatching(/^rooms\/1\/operations\//) });
  });

  it('operations that create and delete a resource share its parent, and name it as their target (AIP-151)', async () => {
    const created = await call('CreateShelf', { parent: 'rooms/1', shelfId: 's', shelf: {} });
    expect(created).toMatchObject({
      name: expect.stringMatching(/^rooms\/1\/operations\//),
      metadata: { target: 'rooms/1/shelves/s', verb: 'create' },
    });
    const unnamed = await call('CreateShelf', { parent: 'rooms/1', shelf: {} });
    expect(unnamed).toMatchObject({ metadata: { target: 'rooms/1/shelves/1' } });
    await server.clock.advance(1000);
    expect(await call('GetShelf', { name: 'rooms/1/shelves/1' })).toEqual({ name: 'rooms/1/shelves/1' });
    const deleted = await call('DeleteShelf', { name: 'rooms/1/shelves/s' });
    expect(deleted).toMatchObject({
      name: expect.stringMatching(/^rooms\/1\/operations\//),
      metadata: { target: 'rooms/1/shelves/s', verb: 'delete' },
    });
  });

  it('an operation with validate_only completes immediately and creates nothing', async () => {
    const request = { parent: 'rooms/1', shelfId: 's', shelf: {}, validateOnly: true };
    expect(await call('CreateShelf', request)).toMatchObject({
      done: true,
      response: { name: 'rooms/1/shelves/s' },
    });
    await refused(call('GetShelf', { name: 'rooms/1/shelves/s' }), Code.NOT_FOUND, /does not exist/);
  });

  it('API versions share resources, but types do not share names', async () => {
    await create('a', { title: 'A' });
    expect(await call('GetBook', { name: 'shelves/1/books/a' }, 'v2')).toMatchObject({ title: 'A' });
    await refused(call('GetShelf', { name: 'shelves/1/books/a' }), Code.NOT_FOUND, /does not exist/);
    await call('DeleteBook', { name: 'shelves/1/books/a' }, 'v2');
    expect(await list({})).toEqual([]);
  });
});
