import { answerParent } from './parent-link.ts';

/** A fresh process that imports modules. */
export type ImportRequests = {
  /** Imports them one after the other; tells how many milliseconds that took. */
  load(specifiers: readonly string[]): Promise<number>;
};

answerParent({
  async load(specifiers) {
    const began = performance.now();
    for (const specifier of specifiers) await import(specifier);
    return performance.now() - began;
  },
} satisfies ImportRequests);
