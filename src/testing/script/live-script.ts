import { DEFAULT_SCRIPT, type Script } from './script.js';

/** Scripts put one over the other: what a later one says of a method counts. */
export class LiveScript {
  #current: Script = DEFAULT_SCRIPT;

  get current(): Script {
    return this.#current;
  }

  /** Replaces what was said of the methods that `script` names, and the default if it has one. */
  add(script: Script): void {
    const { methods, answers, default: base } = this.#current;
    this.#current = {
      methods: new Map([...methods, ...script.methods]),
      answers: new Map([...answers, ...script.answers]),
      default: script.default === DEFAULT_SCRIPT.default ? base : script.default,
      faults: [],
    };
  }

  /** Forgets all but these. */
  reset(scripts: readonly Script[]): void {
    this.#current = DEFAULT_SCRIPT;
    for (const script of scripts) this.add(script);
  }
}
