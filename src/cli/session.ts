import { type Operation, OperationsClient } from '../index.js';
import { operationToJson, type Schema } from '../schema/index.js';
import { credentialsOf } from './credentials.js';
import type { ExitCode } from './exit-code.js';
import type { CallingOptions } from './options.js';
import { operationBlock } from './output/operation-block.js';
import type { OperationJson } from './output/operation-json.js';
import { schemaOf } from './protos.js';
import type { Terminal } from './terminal.js';

/** One command at work: with a client, the protos that it reads by, and somewhere to print. */
export class Session {
  readonly terminal: Terminal;
  readonly options: CallingOptions;
  readonly schema: Schema;
  readonly client: OperationsClient;
  readonly #beganAt = performance.now();

  private constructor(terminal: Terminal, options: CallingOptions, schema: Schema) {
    this.terminal = terminal;
    this.options = options;
    this.schema = schema;
    this.client = new OperationsClient({ address: options.address, credentials: credentialsOf(options) });
  }

  /**
   * Does the work of one command, and ends the process with the exit code that it gives.
   *
   * @throws UsageError when the protos cannot be read or the address is malformed; what the command throws.
   */
  static async run(
    terminal: Terminal,
    options: CallingOptions,
    command: (session: Session) => Promise<ExitCode>,
  ): Promise<void> {
    const session = new Session(terminal, options, await schemaOf(options));
    try {
      terminal.exitCode = await command(session);
    } finally {
      session.client.close();
    }
  }

  /** What is left of `--timeout`, in milliseconds; undefined without one. At least 1: the call itself tells. */
  get timeLeft(): { readonly timeoutMs?: number } {
    const { timeout } = this.options;
    if (timeout === undefined) return {};
    return { timeoutMs: Math.max(1, Math.ceil(timeout - (performance.now() - this.#beganAt))) };
  }

  toJson(operation: Operation): OperationJson {
    return operationToJson(operation, this.schema.registry);
  }

  /** Prints an operation: as ProtoJSON with `--json`, as a block for people without. */
  printOperation(operation: Operation): void {
    const json = this.toJson(operation);
    this.print({ json, text: operationBlock(json) });
  }

  /** Prints the one or the other, as `--json` has it. */
  print({ json, text }: { readonly json: unknown; readonly text: string }): void {
    this.terminal.stdout.write(`${this.options.json ? JSON.stringify(json, null, 2) : text}\n`);
  }
}
