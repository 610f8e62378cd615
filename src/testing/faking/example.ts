import { ownSchema, type Schema } from '../../schema/index.js';
import { type ParsedScript, parseScript } from '../script/script.js';
import type { Script } from '../script/script-source.js';

/** Service that `longrunning serve` offers if no protos are given. */
export interface ExampleService {
  readonly schema: Schema;
  readonly script: ParsedScript;
}

const SCRIPT: Script = {
  methods: {
    'example.reports.v1.Reports.ExportReport': {
      durationMs: 5000,
      steps: [20, 40, 60, 80].map((progressPercent) => ({
        atMs: progressPercent * 50,
        metadata: { progressPercent },
      })),
      response: { uri: 'file:///reports/example.csv', rowCount: 1000 },
    },
    'example.reports.v1.Reports.PurgeReports': { durationMs: 5000, onCancel: 'unimplemented' },
  },
};

/** Example service `example.reports.v1.Reports`. Exporting takes five seconds; purging cannot be cancelled. */
export async function exampleService(): Promise<ExampleService> {
  const schema = ownSchema('example/reports/v1/reports.proto');
  return { schema, script: parseScript(SCRIPT, { file: 'the example script', schema }) };
}
