import { DEFAULT_SCRIPT, type Script } from './script.js';

/** Merged scripts. For each method the last script that names it counts. */
export class LiveScript {
  #current: Script = DEFAULT_SCRIPT;

  get current(): Script {
    return this.#current;
  }

  /** Replaces the entries of the methods that `script` names, and the default if it has one. */
  add(script: Script): void {
    const { methods, answers, default: base } = this.#current;
    this.#current = {
      methods: new Map([...methods, ...script.methods]),
      answers: new Map([...answers, ...script.answers]),
      default: script.default === DEFAULT_SCRIPT.default ? base : script.default,
      faults: [],
    };
  }

  /** Discards everything except these scripts. */
  reset(scripts: readonly Script[]): void {
    this.#current = DEFAULT_SCRIPT;
    for (const script of scripts) this.add(script);
  }
}
