import type { Operation, OperationsClient } from '../../index.js';
import type { CallingOptions } from '../options/options.js';
import type { ExitCode } from '../output/failure.js';
import type { OperationView } from '../output/operation-json.js';
import type { Terminal } from '../output/terminal.js';
import type { Types } from '../types/types.js';
import type { Connection } from './connection.js';

/**
 * Runs a command that calls a server, and sets the exit code that it returns. Loads the client only now, so that
 * `--help` and usage errors do not wait for it. Commands load other dependencies in the same way.
 *
 * @throws UsageError if the protos cannot be read or the connection options are wrong; errors of the command.
 */
export async function inSession(
  terminal: Terminal,
  options: CallingOptions,
  command: (session: Session) => Promise<ExitCode>,
): Promise<void> {
  const { connect } = await import('./connection.js');
  const ending = new AbortController();
  const session = new Session(terminal, options, await connect(options, ending.signal));
  try {
    // Mistakes in named types are reported before the first call.
    if (options.proto.length > 0 || options.descriptors.length > 0) await session.types();
    terminal.exitCode = await command(session);
  } finally {
    ending.abort();
    await session.close();
  }
}

/** State of one running command: its client, its types and its terminal. Types are loaded lazily, because that takes
 * longer than most calls. */
export class Session {
  readonly terminal: Terminal;
  readonly options: CallingOptions;
  readonly connection: Connection;
  #types: Promise<Types> | undefined;
  /** Start of the first call. The time to load modules before it does not count. */
  #beganAt: number | undefined;

  constructor(terminal: Terminal, options: CallingOptions, connection: Connection) {
    this.terminal = terminal;
    this.options = options;
    this.connection = connection;
  }

  get client(): OperationsClient {
    return this.connection.client;
  }

  /** Rest of `--timeout` in milliseconds, at least 1, so that the call itself fails; undefined without `--timeout`. */
  get timeLeft(): { readonly timeoutMs?: number } {
    const { timeout } = this.options;
    if (timeout === undefined) return {};
    this.#beganAt ??= performance.now();
    return { timeoutMs: Math.max(1, Math.ceil(timeout - (performance.now() - this.#beganAt))) };
  }

  /**
   * Types that the command reads and writes.
   *
   * @throws UsageError if they cannot be read.
   */
  types(): Promise<Types> {
    this.#types ??= import('../types/types.js').then(({ Types }) =>
      Types.open(this.options, this.connection, () => this.timeLeft.timeoutMs),
    );
    return this.#types;
  }

  /** Converts an operation for display, with its metadata and its result decoded. */
  async view(operation: Operation): Promise<OperationView> {
    const { snapshotOf } = await import('../../index.js');
    const { operationToJson } = await import('../../schema/index.js');
    const { registry } = await (await this.types()).ofOperation(operation);
    return { state: snapshotOf(operation).state, json: operationToJson(operation, registry) };
  }

  /** Prints an operation: as ProtoJSON with `--json`, else as a block of lines. */
  async printOperation(operation: Operation): Promise<void> {
    const { operationBlock } = await import('../output/operation-text.js');
    const view = await this.view(operation);
    this.print({ json: view.json, text: operationBlock(view) });
  }

  /** Prints an operation in one line: as ProtoJSON with `--json`, else as text. */
  async printOperationLine(operation: Operation): Promise<void> {
    const { operationLine } = await import('../output/operation-text.js');
    const view = await this.view(operation);
    this.terminal.stdout.write(`${this.options.json ? JSON.stringify(view.json) : operationLine(view)}\n`);
  }

  /** Prints `json` with `--json`, else `text`. */
  print({ json, text }: { readonly json: unknown; readonly text: string }): void {
    this.terminal.stdout.write(`${this.options.json ? JSON.stringify(json, null, 2) : text}\n`);
  }

  /** Closes every connection of the command. */
  async close(): Promise<void> {
    this.client.close();
    // Failure to read types has been reported already.
    (await this.#types?.catch(() => undefined))?.[Symbol.dispose]();
  }
}
