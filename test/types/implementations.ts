// Fields that implementations may set. This code never runs: `npm run types` compiles it, and each expected error must occur.

import { type MessageType, operationMethod } from 'longrunning';
import type {
  ExportReportRequest,
  ExportReportResponse,
  ReportMetadata,
} from 'longrunning/generated/example/reports/v1/reports';
import { ReportsOperations } from 'longrunning/generated/example/reports/v1/reports.operations';
import { type Implementation, implement, type RunContext } from 'longrunning/server';

const { exportReport, purgeReports } = ReportsOperations;

export function responses(): void {
  implement(exportReport, { run: () => ({}) });
  implement(exportReport, { run: () => ({ uri: 'a', rowCount: 1 }) });
  implement(exportReport, { run: async () => ({ uri: 'a' }) });
  implement(exportReport, { run: ({ title }) => Promise.resolve({ uri: title }) });
  implement(exportReport, {
    run: () => {
      throw new Error('no');
    },
  });
  implement(exportReport, {
    run: async ({ title }) => {
      if (title === '') return {};
      if (title === 'x') throw new Error('no');
      return { uri: title };
    },
  });
  implement(exportReport, {
    // @ts-expect-error: misspelt
    run: () => ({ url: 'a' }),
  });
  implement(exportReport, {
    // @ts-expect-error: misspelt, beside one that is right
    run: () => ({ uri: 'a', rowcount: 1 }),
  });
  implement(exportReport, {
    // @ts-expect-error: misspelt
    run: async () => ({ uri: 'a', row_count: 1 }),
  });
  implement(exportReport, {
    // @ts-expect-error: misspelt in one of two responses
    async run({ title }) {
      if (title === '') return { uri: 'a' };
      return { uri: 'a', rows: 1 };
    },
  });
  const rows = { uri: 'a', rows: 1 };
  implement(exportReport, {
    // @ts-expect-error: misspelt in a variable
    run: () => rows,
  });
  implement(purgeReports, {
    // @ts-expect-error: the response is empty
    run: () => ({ purged: 3 }),
  });
  implement(exportReport, {
    run: () => ({}),
    onStart: () => undefined,
  });
  implement(exportReport, {
    run: () => ({}),
    onStart: async ({ title }) => (title === '' ? { uri: 'a' } : undefined),
  });
  implement(exportReport, {
    run: () => ({}),
    // @ts-expect-error: misspelt
    onStart: async ({ title }) => (title === '' ? { uri: 'a', rows: 1 } : undefined),
  });
  implement(exportReport, {
    run: () => ({}),
    onStart({ title }) {
      if (title === '') throw new Error('no');
      return undefined;
    },
  });
  implement(exportReport, {
    run: (_request, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  });
}

export function metadata(): void {
  implement(exportReport, { metadata: () => ({ progressPercent: 1 }), run: () => ({}) });
  implement(exportReport, {
    // @ts-expect-error: misspelt
    metadata: () => ({ progressPercent: 1, percent: 1 }),
    run: () => ({}),
  });
  implement(exportReport, {
    async run(_request, { update, metadata: known }) {
      await update({ progressPercent: known.progressPercent + 1 });
      // @ts-expect-error: misspelt
      await update({ progressPercent: 50, percent: 50 });
      return {};
    },
  });
}

interface Tree {
  name: string;
  children: Tree[];
  left?: Tree | undefined;
  labels: { [key: string]: string };
  choice?: { $case: 'leaf'; value: Leaf } | { $case: 'branch'; value: Tree } | undefined;
  bytes: Uint8Array;
  time?: Date | undefined;
  counts?: { [key: string]: number[] } | undefined;
}
interface Leaf {
  color: string;
}
declare const treeType: MessageType<Tree>;
const grow = operationMethod({
  path: '/acme.v1.Trees/Grow',
  request: treeType,
  response: treeType,
  metadata: treeType,
});

export function nestedMessages(): void {
  implement(grow, { run: (tree) => tree });
  implement(grow, { run: async (tree) => ({ ...tree, children: [tree, { name: 'a' }] }) });
  implement(grow, {
    run: (tree) => ({
      children: [{ children: [tree, { left: { name: 'x' } }] }],
      labels: { any: 'key' },
      counts: { any: [1] },
      bytes: Buffer.of(1),
      time: new Date(),
      choice: { $case: 'leaf', value: { color: 'green' } },
    }),
  });
  implement(grow, {
    run: ({ name }) => ({
      choice: name === '' ? { $case: 'branch', value: { name: 'a' } } : { $case: 'leaf', value: {} },
    }),
  });
  implement(grow, {
    // @ts-expect-error: misspelt in a list
    run: () => ({ name: '', children: [{ name: 'a', colour: 'green' }] }),
  });
  implement(grow, {
    // @ts-expect-error: misspelt in a nested message
    run: async () => ({ name: '', left: { name: 'a', rigth: { name: 'b' } } }),
  });
  implement(grow, {
    // @ts-expect-error: misspelt in a oneof
    run: () => ({ choice: { $case: 'leaf', value: { color: 'green', colour: 'green' } } }),
  });
  implement(grow, {
    run: () => ({}),
    // @ts-expect-error: misspelt in nested metadata
    metadata: () => ({ left: { name: 'a', nmae: 'b' } }),
  });
}

export function variables(): void {
  const typed: Implementation<ExportReportRequest, ExportReportResponse, ReportMetadata> = {
    run: () => ({ uri: 'a' }),
  };
  implement(exportReport, typed);
  const run: Implementation<ExportReportRequest, ExportReportResponse, ReportMetadata>['run'] = ({
    title,
  }) => ({
    uri: title,
  });
  implement(exportReport, { run, parent: ({ parent }) => parent });
  implement(exportReport, { ...typed, cancellable: false });
  class Exporting implements Implementation<ExportReportRequest, ExportReportResponse, ReportMetadata> {
    readonly prefix = 'file:///';
    async run({ title }: ExportReportRequest, { update }: RunContext<ReportMetadata>) {
      await update({ progressPercent: 50 });
      return { uri: this.prefix + title };
    }
  }
  implement(exportReport, new Exporting());
}
