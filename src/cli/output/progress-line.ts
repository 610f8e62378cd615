import { detailOf, type OperationView } from './operation-json.js';
import { printable } from './printable.js';

/** Where progress is shown. */
export interface ProgressOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = '\r\u001b[K';

/** Shows how an operation comes along: one line that is rewritten on a terminal, a line per change elsewhere. */
export class ProgressLine {
  readonly #output: ProgressOutput;
  #shown = '';

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  show(operation: OperationView): void {
    const detail = detailOf(operation);
    this.say(printable(`${operation.state}${detail === '' ? '' : `: ${detail}`}`));
  }

  /** Shows a text in place of how the operation comes along; once, however often it is said again. */
  say(text: string): void {
    if (text === this.#shown) return;
    this.#shown = text;
    const { isTTY, columns } = this.#output;
    // A line that wraps could not be rewritten. Some terminals say that they have no columns.
    this.#output.write(isTTY ? CLEAR_LINE + text.slice(0, (columns || DEFAULT_COLUMNS) - 1) : `${text}\n`);
  }

  /** Takes the line off the terminal, to make room for what comes next. */
  clear(): void {
    if (this.#output.isTTY && this.#shown !== '') this.#output.write(CLEAR_LINE);
    this.#shown = '';
  }
}
