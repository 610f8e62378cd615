import type { Schema } from '../schema/index.js';
import type { StatusError } from '../status.js';

/** What becomes of a request to cancel: obeyed, obeyed later, ignored, or answered UNIMPLEMENTED. */
export type OnCancel = 'honour' | 'ignore' | 'unimplemented' | { readonly afterMs: number };

/** How operations of one method go. */
export interface MethodScript {
  readonly durationMs: number;
  readonly onCancel: OnCancel;
  /** The fields of the metadata to begin with, by their names in messages. */
  readonly metadata: object;
  readonly steps: readonly { readonly atMs: number; readonly metadata: object }[];
  readonly ending: { readonly response: object } | { readonly error: StatusError };
}

/** How operations go: by the full name of the method, and for the methods not named. */
export interface Script {
  scriptFor(methodName: string): MethodScript;
}

export interface ParseScriptOptions {
  /** The file's name, for messages. */
  readonly file: string;
  readonly schema: Schema;
}

/** Everything that is wrong with a script: `message` has one line for each fault. */
export class ScriptError extends Error {
  override readonly name: string = 'ScriptError';
  readonly faults: readonly string[] = [];
}

/** @throws ScriptError */
export function parseScript(_text: string, _options: ParseScriptOptions): Script {
  throw new Error('coming');
}
