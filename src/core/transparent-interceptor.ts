import type { ServerInterceptor } from '@grpc/grpc-js';

const transparent = new WeakSet<object>();

/** Marks an interceptor that only affects connections. In-process calls can skip it. */
export function markTransparent(interceptor: ServerInterceptor): ServerInterceptor {
  transparent.add(interceptor);
  return interceptor;
}

export function isTransparent(interceptor: unknown): boolean {
  return transparent.has(interceptor as object);
}
