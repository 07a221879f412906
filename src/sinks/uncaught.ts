/**
 * Uncaught errors, seen without changing how the process ends.
 *
 * @module
 */

import process from "node:process";
import { mustBe } from "../base/arguments.ts";
import { errorCodes, type ErrorFields, errorFields } from "./error_fields.ts";

/** What is known of an uncaught error, whatever was thrown. */
export interface UncaughtError {
  /** The class: `"TypeError"`; of a value that is not an error its type: `"string"`. */
  type: string;
  /** The message, or the value as text. */
  message: string;
  /** Where it was thrown, if that is known. */
  stack: string | undefined;
  /** The same with `code`, `cause`, and the `errors` of an `AggregateError`; or what `uncaughtException` gave. */
  fields: ErrorFields;
  /** What was thrown; or what `uncaughtException` gave. */
  thrown: unknown;
  /** Whether the application handles uncaught errors, so that it may live on. */
  isHandled: boolean;
  /** When, in milliseconds since 1970. */
  time: number;
}

type Callback = (error: UncaughtError) => void;

const callbacks = new Set<Callback>();
/** Those that look at what the others have done. */
const lastCallbacks = new Set<Callback>();

/** One for all: of more than ten, runtimes warn. */
function listener(error: unknown): void {
  const described = describe(error);
  for (const callback of callbacks) callback(described);
  for (const callback of lastCallbacks) callback(described);
}

/** Marks our listeners to rejections, also those of another copy of this library in the same process. */
export const OURS: unique symbol = Symbol.for("ouroboros.rejection") as never;
const IS_BUN = "Bun" in globalThis;

/**
 * Bun reports no rejected promise to a monitor, only to those who handle it. If nobody else does, the promise
 * is rejected once more, without us: then Bun ends the process as it would have done.
 */
const onRejection = Object.assign((reason: unknown) => {
  if (othersHandleRejections()) return;
  listener(reason);
  leaveToRuntime(reason, onRejection);
}, { [OURS]: true });

let isLeft = false;

/** Rejects once more, without one of our listeners; what several of them got, once. */
export function leaveToRuntime(reason: unknown, ours: (reason: unknown) => void): void {
  process.removeListener("unhandledRejection", ours);
  if (!isLeft) Promise.reject(reason);
  isLeft = true;
}

/** Whether the process ends by a rejection that was left to the runtime. */
export function hasLeftRejection(): boolean {
  return isLeft;
}

/** Whether the application handles rejected promises itself. */
export function othersHandleRejections(): boolean {
  return process.listeners("unhandledRejection").some((one) => !(OURS in one));
}

/**
 * Calls `callback` for each uncaught error, and each rejected promise that nobody handles. The runtime then
 * does what it would have done: it writes the same to standard error, and ends with the same code.
 *
 * @param isLast whether it is called after the others: what they have written is there
 * @returns what takes the callback back
 */
export function onUncaughtError(callback: Callback, isLast: boolean = false): () => void {
  const all = isLast ? lastCallbacks : callbacks;
  if (callbacks.size + lastCallbacks.size === 0) {
    process.on("uncaughtExceptionMonitor", listener);
    if (IS_BUN) process.on("unhandledRejection", onRejection);
  }
  all.add(callback);
  return () => {
    if (!all.delete(callback) || callbacks.size + lastCallbacks.size > 0) return;
    process.removeListener("uncaughtExceptionMonitor", listener);
    process.removeListener("unhandledRejection", onRejection);
  };
}

function describe(thrown: unknown): UncaughtError {
  const fields = errorCodes(thrown);
  const { type, message, stack } = fields;
  const isHandled = process.listenerCount("uncaughtException") > 0;
  return { type, message, stack, fields, thrown, isHandled, time: Date.now() };
}

/**
 * An uncaught error as an application wants it to be written.
 *
 * @throws {TypeError} if the function gives no object, and what the function throws
 */
export function changeUncaught(
  error: UncaughtError,
  change: (fields: ErrorFields) => ErrorFields,
): UncaughtError {
  const changed: unknown = change(errorFields(error.thrown));
  if (typeof changed !== "object" || changed === null) {
    throw new TypeError(mustBe("what uncaughtException returns", changed, "an object"));
  }
  // Without a prototype, so that serializers find no class but the one that `type` says.
  const fields: ErrorFields = Object.assign(Object.create(null), changed);
  fields.type = String(fields.type ?? "Error");
  fields.message = String(fields.message ?? "");
  const { type, message, stack } = fields;
  return { ...error, type, message, stack, fields, thrown: fields };
}
