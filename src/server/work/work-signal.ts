import { contain, type OnFailure } from '../../core/contain.js';

type Listener = Parameters<AbortSignal['addEventListener']>[1];

const failureOf = new WeakMap<EventTarget, OnFailure>();
/** Wrappers by user listener. Each listener has one wrapper, so that adding twice and removing work as usual. */
const containedOf = new WeakMap<object, (this: unknown, event: Event) => void>();

/**
 * Creates the controller of a signal that is passed to user code. Node ends the process if a listener of a signal throws or
 * rejects, and the server is the one that aborts this signal. Here `onFailure` is called instead.
 */
export function workController(onFailure: OnFailure): AbortController {
  const controller = new AbortController();
  const { signal } = controller;
  // A prototype per signal: other signals are unaffected, and no signal needs more memory.
  Object.setPrototypeOf(signal, CONTAINED);
  failureOf.set(signal, onFailure);
  return controller;
}

/** Prototype that wraps listeners when they are added and removed, including `onabort`. */
const CONTAINED = Object.create(AbortSignal.prototype, {
  addEventListener: method(function (type, listener, options) {
    AbortSignal.prototype.addEventListener.call(this, type, contained(listener), options);
  }),
  removeEventListener: method(function (type, listener, options) {
    AbortSignal.prototype.removeEventListener.call(this, type, contained(listener), options);
  }),
});

type ListenerMethod = (
  this: AbortSignal,
  type: string,
  listener: Listener,
  options?: Parameters<AbortSignal['addEventListener']>[2],
) => void;

function method(value: ListenerMethod): PropertyDescriptor {
  return { value, writable: true, configurable: true };
}

function contained(listener: Listener): Listener {
  // Node rejects anything else.
  if (typeof listener !== 'function' && (typeof listener !== 'object' || listener === null)) return listener;
  const known = containedOf.get(listener);
  if (known) return known;
  const wrapper = function (this: unknown, event: Event) {
    contain(
      () => (typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event)),
      (event.target && failureOf.get(event.target)) ?? (() => {}),
    );
  };
  containedOf.set(listener, wrapper);
  return wrapper;
}
