import { type Operation, type OperationsClient, snapshotOf } from '../../index.js';
import type { ExitCode } from '../failures/exit-code.js';
import type { CallingOptions } from '../options/options.js';
import { operationBlock } from '../output/operation-block.js';
import type { OperationView } from '../output/operation-json.js';
import { operationLine } from '../output/operation-line.js';
import type { Terminal } from '../output/terminal.js';
import type { Types } from '../types/types.js';
import { type Connection, connect } from './connection.js';

/** One command at work: with a client, the protos that it reads by, and somewhere to print. Protos are loaded when
 * they are needed, for that takes longer than most calls. */
export class Session {
  readonly terminal: Terminal;
  readonly options: CallingOptions;
  readonly connection: Connection;
  #types: Promise<Types> | undefined;
  /** Set when the first call begins: what is loaded before does not count. */
  #beganAt: number | undefined;

  private constructor(terminal: Terminal, options: CallingOptions, connection: Connection) {
    this.terminal = terminal;
    this.options = options;
    this.connection = connection;
  }

  /**
   * Does the work of one command, and ends the process with the exit code that it gives.
   *
   * @throws UsageError when the protos cannot be read or there is no connecting as asked for; what the command throws.
   */
  static async run(
    terminal: Terminal,
    options: CallingOptions,
    command: (session: Session) => Promise<ExitCode>,
  ): Promise<void> {
    const ending = new AbortController();
    const session = new Session(terminal, options, await connect(options, ending.signal));
    try {
      // A slip in what somebody names is told before anything is done.
      if (options.proto.length > 0 || options.descriptors.length > 0) await session.types();
      terminal.exitCode = await command(session);
    } finally {
      ending.abort();
      session.client.close();
      // Types that could not be read have been told of.
      (await session.#types?.catch(() => undefined))?.[Symbol.dispose]();
    }
  }

  get client(): OperationsClient {
    return this.connection.client;
  }

  /** What is left of `--timeout`, in milliseconds; undefined without one. At least 1: the call itself tells. */
  get timeLeft(): { readonly timeoutMs?: number } {
    const { timeout } = this.options;
    if (timeout === undefined) return {};
    this.#beganAt ??= performance.now();
    return { timeoutMs: Math.max(1, Math.ceil(timeout - (performance.now() - this.#beganAt))) };
  }

  /**
   * The types that the command reads by.
   *
   * @throws UsageError when they cannot be read.
   */
  types(): Promise<Types> {
    this.#types ??= import('../types/types.js').then(({ Types }) =>
      Types.open(this.options, this.connection, () => this.timeLeft.timeoutMs),
    );
    return this.#types;
  }

  /** An operation as it is shown, with whatever it holds decoded. */
  async view(operation: Operation): Promise<OperationView> {
    const { operationToJson } = await import('../../schema/index.js');
    const { registry } = await (await this.types()).ofOperation(operation);
    return { state: snapshotOf(operation).state, json: operationToJson(operation, registry) };
  }

  /** Prints an operation: as ProtoJSON with `--json`, as a block for people without. */
  async printOperation(operation: Operation): Promise<void> {
    const view = await this.view(operation);
    this.print({ json: view.json, text: operationBlock(view) });
  }

  /** Prints an operation in one line, with `--json` and without. */
  async printOperationLine(operation: Operation): Promise<void> {
    const view = await this.view(operation);
    this.terminal.stdout.write(`${this.options.json ? JSON.stringify(view.json) : operationLine(view)}\n`);
  }

  /** Prints the one or the other, as `--json` has it. */
  print({ json, text }: { readonly json: unknown; readonly text: string }): void {
    this.terminal.stdout.write(`${this.options.json ? JSON.stringify(json, null, 2) : text}\n`);
  }
}
