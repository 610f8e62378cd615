/** Cancellation behavior: honored at once or after a delay, ignored, or rejected as UNIMPLEMENTED. */
export type OnCancel = 'honour' | 'ignore' | 'unimplemented' | { readonly afterMs: number };

/**
 * Recovery of work after a server crash, in a store that outlives the server: it ends with ABORTED, or starts
 * again.
 */
export type OnInterrupted = (typeof ON_INTERRUPTED)[number];

export const ON_INTERRUPTED = ['abort', 'resume'] as const;
