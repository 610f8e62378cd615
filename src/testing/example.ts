import type { Schema } from '../schema/index.js';
import type { Script } from './script.js';

/** What `longrunning serve` alone serves. */
export interface ExampleService {
  readonly schema: Schema;
  readonly script: Script;
}

/** The example service: `example.reports.v1.Reports`. */
export async function exampleService(): Promise<ExampleService> {
  throw new Error('coming');
}
