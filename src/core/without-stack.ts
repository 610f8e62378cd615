/**
 * Makes an error without a stack trace. Taking one costs 13 µs, a tenth of a cancellation and a third of refusing a call without
 * credentials, and for errors that the server answers it says nothing but how the server is made.
 */
export function withoutStack<Made extends Error>(make: () => Made): Made {
  const { stackTraceLimit } = Error;
  // Not by assignment, which throws where intrinsics are frozen.
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    return make();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}
