/**
 * Context: members of all lines that are logged in a call and in what it starts, like a request's id.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { bindingsText } from "./bindings.ts";
import type { Formatters, LineSource } from "./line_source.ts";
import type { Style } from "./style.ts";

/** Members of lines by key. */
// deno-lint-ignore no-explicit-any
type Fields = Record<string, any>;

/** What is known in a call. */
class Context {
  readonly fields: Fields;
  readonly #outer: Context | undefined;
  // As one style and one formatter show them: mostly there is one.
  #style: Style | undefined;
  #format: Formatters["bindings"] | undefined;
  #text = "";

  constructor(fields: Fields, outer: Context | undefined) {
    this.fields = fields;
    this.#outer = outer;
  }

  /** Its members for a logger: JSON without the braces, with a comma before each. */
  textFor(state: LineSource): string {
    const { style, formatters: { bindings } } = state;
    if (style !== this.#style || bindings !== this.#format) {
      this.#text = (this.#outer?.textFor(state) ?? "") + bindingsText(state, this.fields);
      this.#style = style;
      this.#format = bindings;
    }
    return this.#text;
  }
}

const storage = new AsyncLocalStorage<Context>();

/** Whether there ever was a context: without one, a line costs nothing more. */
export const contexts: { areUsed: boolean } = { areUsed: false };

/**
 * Calls `call`; all lines that are logged in it, and in what it starts (promises, timers), have these
 * members, after the logger's bindings. Contexts may be in one another. Loggers that redact, or have
 * serializers, do so with these members, too.
 *
 * @param fields members of the lines; they are looked at once
 * @returns what `call` gives
 *
 * @example
 * ```ts
 * import { ShmLogReader } from "@ouroboros/log";
 * import { createLogger, withContext } from "@ouroboros/log/logger";
 *
 * using log = createLogger({ target: "/doc-with-context", unlinkOnClose: true });
 * await withContext({ requestId: "r-1" }, async () => {
 *   await Promise.resolve();
 *   log.info("in the request");
 * });
 *
 * using reader = ShmLogReader.open("/doc-with-context");
 * console.log(JSON.parse(reader.read()?.text ?? "").requestId); // r-1
 * ```
 */
export function withContext<T>(fields: Record<string, unknown>, call: () => T): T {
  contexts.areUsed = true;
  return storage.run(new Context(fields, storage.getStore()), call);
}

/**
 * Adds members to the context from here on: in this call, and in what it starts. For what learns
 * something late, like the user of a request.
 *
 * @param fields members of the lines; they are looked at once
 *
 * @example
 * ```ts
 * import { ShmLogReader } from "@ouroboros/log";
 * import { bindContext, createLogger, withContext } from "@ouroboros/log/logger";
 *
 * using log = createLogger({ target: "/doc-bind-context", unlinkOnClose: true });
 * withContext({ requestId: "r-1" }, () => {
 *   bindContext({ user: "ada" });
 *   log.info("logged in");
 * });
 *
 * using reader = ShmLogReader.open("/doc-bind-context");
 * const { requestId, user } = JSON.parse(reader.read()?.text ?? "");
 * console.log(requestId, user); // r-1 ada
 * ```
 */
export function bindContext(fields: Record<string, unknown>): void {
  contexts.areUsed = true;
  storage.enterWith(new Context(fields, storage.getStore()));
}

/** The members of the context for a logger. */
export function contextOf(state: LineSource): string {
  return storage.getStore()?.textFor(state) ?? "";
}
