// Types that are accepted as an Operation message. This code never runs: `npm run types` compiles it, and
// each expected error must occur.

import type { JsonValue, Message } from '@bufbuild/protobuf';
import type { Any as EsAny } from '@bufbuild/protobuf/wkt';
import type { protos } from '@google-cloud/gkemulticloud';
import type { LROperation, operationsProtos } from 'google-gax';
import {
  type Operation,
  type OperationHandle,
  type OperationReference,
  type OperationSnapshot,
  type OperationsClient,
  snapshotOf,
} from 'longrunning';
import type { ReportMetadata } from 'longrunning/generated/example/reports/v1/reports';
import type { Any } from 'longrunning/generated/google/protobuf/any';
import type { Status } from 'longrunning/generated/google/rpc/status';

interface Fields {
  name: string;
  metadata?: Any | undefined;
  done: boolean;
}

/** Types declared by the generators. */
interface Accepted {
  kit: Operation;
  tsProtoProperties: Fields & { error?: Status | undefined; response?: Any | undefined };
  tsProtoUnions: Fields & {
    result?: { $case: 'error'; error: Status } | { $case: 'response'; response: Any } | undefined;
  };
  tsProtoNull: {
    name: string;
    metadata: { type_url: string; value: Uint8Array } | null;
    done: boolean;
    error: Status | null;
    response: { type_url: string; value: Uint8Array } | null;
  };
  tsProtoAnnotated: Readonly<
    Fields & { $type: 'google.longrunning.Operation'; response?: Any; error?: Status }
  >;
  protobufEs: Message<'google.longrunning.Operation'> & {
    name: string;
    metadata?: EsAny;
    done: boolean;
    result:
      | {
          value: Message<'google.rpc.Status'> & { code: number; message: string; details: EsAny[] };
          case: 'error';
        }
      | { value: EsAny; case: 'response' }
      | { case: undefined; value?: undefined };
  };
  protobufJs: protos.google.longrunning.Operation;
  protobufJsInterface: protos.google.longrunning.IOperation;
  gax: operationsProtos.google.longrunning.Operation;
  gaxOperation: LROperation<protos.google.cloud.gkemulticloud.v1.IAttachedCluster, object>;
  protoLoader: {
    name: string;
    metadata: { type_url: string; value: Buffer | Uint8Array | string } | { '@type': string } | null;
    done: boolean;
    error?: {
      code: number;
      message: string;
      details: ({ typeUrl: string; value: Buffer } | { '@type': string })[];
    } | null;
    response?: { '@type': string } | null;
    result?: 'error' | 'response';
  };
  protoJson: { name: string; done: true; response: { '@type': string; uri: string } };
}

declare const accepted: Accepted;
declare const client: OperationsClient;

export function acceptedMessages(): void {
  for (const message of Object.values(accepted) as Accepted[keyof Accepted][]) {
    client.operation(message);
    snapshotOf(message);
  }
  client.operation('operations/1');
  const reference: OperationReference = client.operation('operations/1').toJSON();
  client.operation(reference);
  client.operation({ name: 'operations/1', method: '/example.reports.v1.Reports/ExportReport' });
}

declare const other: {
  promise: Promise<Operation>;
  list: [Operation];
  snapshot: OperationSnapshot<Any, ReportMetadata>;
  handle: OperationHandle<Any, ReportMetadata>;
  json: JsonValue;
  compute: { name?: string | null; status?: 'DONE' | 'RUNNING' | null; kind?: string | null };
  status: Status;
  job: Message<'acme.v1.Job'> & { name: string };
  annotated: { $type: 'acme.v1.Job'; name: string };
  protobufTs: Fields & { result: { oneofKind: 'error'; error: Status } | { oneofKind: undefined } };
  otherUnion: Fields & { result: { kind: 'error'; error: Status } };
  unpacked: Fields & { response: { uri: string } };
  unpackedMetadata: { name: string; metadata: ReportMetadata; done: boolean };
  doneText: { name: string; done: string };
  errorText: { name: string; done: boolean; error: string };
  both: Fields & { error: Status; result: { $case: 'error'; value: Status } };
};

export function rejectedMessages(): void {
  // @ts-expect-error: not awaited
  client.operation(other.promise);
  // @ts-expect-error: the list that a Google client resolves to
  client.operation(other.list);
  // @ts-expect-error: the operation of a snapshot is its `operation`
  client.operation(other.snapshot);
  // @ts-expect-error: it is a handle already
  client.operation(other.handle);
  // @ts-expect-error: anything
  client.operation(other.json);
  // @ts-expect-error: an operation of Compute Engine
  client.operation(other.compute);
  // @ts-expect-error: an error
  client.operation(other.status);
  // @ts-expect-error: another message of protobuf-es
  client.operation(other.job);
  // @ts-expect-error: another message of ts-proto
  client.operation(other.annotated);
  // @ts-expect-error: a oneof of protobuf-ts, which is not known
  client.operation(other.protobufTs);
  // @ts-expect-error: a oneof of another form
  client.operation(other.otherUnion);
  // @ts-expect-error: a response that is not an Any
  client.operation(other.unpacked);
  // @ts-expect-error: metadata that is not an Any
  client.operation(other.unpackedMetadata);
  // @ts-expect-error: done is a boolean
  client.operation(other.doneText);
  // @ts-expect-error: the error is a Status
  client.operation(other.errorText);
  // @ts-expect-error: the oneof in two forms
  client.operation(other.both);

  // @ts-expect-error: not awaited
  snapshotOf(other.promise);
  // @ts-expect-error: a name is not a message
  snapshotOf('operations/1');
  // @ts-expect-error: a snapshot is not a message
  snapshotOf(other.snapshot);
  // @ts-expect-error: a oneof of another form
  snapshotOf(other.otherUnion);
}
