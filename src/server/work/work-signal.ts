import { contain, type OnFailure } from '../../core/contain.js';

type Listener = Parameters<AbortSignal['addEventListener']>[1];

const failureOf = new WeakMap<EventTarget, OnFailure>();
/** Contained listeners by those of users: the same one each time, so that adding twice and removing work as ever. */
const containedOf = new WeakMap<object, (this: unknown, event: Event) => void>();

/**
 * Makes the controller of a signal that is handed to code of users. Node ends the process for an exception, or a rejection, of a
 * listener to the signal, and the server is who aborts it; here `onFailure` is called instead.
 */
export function workController(onFailure: OnFailure): AbortController {
  const controller = new AbortController();
  const { signal } = controller;
  // Not for all signals of the process, and with no more memory for each.
  Object.setPrototypeOf(signal, CONTAINED);
  failureOf.set(signal, onFailure);
  return controller;
}

/** What adds and removes listeners; `onabort` comes by here as well. */
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
  // Anything else is for Node to refuse.
  if (typeof listener !== 'function' && (typeof listener !== 'object' || listener === null)) return listener;
  const known = containedOf.get(listener);
  if (known) return known;
  const made = function (this: unknown, event: Event) {
    contain(
      () => (typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event)),
      (event.target && failureOf.get(event.target)) ?? (() => {}),
    );
  };
  containedOf.set(listener, made);
  return made;
}
