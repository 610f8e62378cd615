/** What becomes of a request to cancel: obeyed, obeyed later, ignored, or answered UNIMPLEMENTED. */
export type OnCancel = 'honour' | 'ignore' | 'unimplemented' | { readonly afterMs: number };

/** What becomes of work whose server died, in a store that outlives it: it ends with ABORTED, or begins anew. */
export type OnInterrupted = (typeof ON_INTERRUPTED)[number];

export const ON_INTERRUPTED = ['abort', 'resume'] as const;
