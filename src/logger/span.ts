/**
 * Spans: what takes a time, as an entry at its begin and one at its end.
 *
 * @module
 */

import type { Bindings, Span } from "./types.ts";

/** What tells this process' spans from those of others: a half of an id of OpenTelemetry. */
const OURS = crypto.getRandomValues(new Uint32Array(1))[0].toString(16).padStart(8, "0");
let count = 0;

/** A span whose lines are not written: nothing is done for it. */
const NO_SPAN: Span = { id: "", end() {}, [Symbol.dispose]() {} };

/** Begins a span; `write` writes its lines, of its own members and of given ones. */
export function beginSpan(
  name: string,
  fields: Bindings,
  isEnabled: boolean,
  write: (own: Bindings, given: Bindings, name: string) => void,
): Span {
  if (!isEnabled) return NO_SPAN;
  count = count % 0xffff_ffff + 1;
  const id = OURS + count.toString(16).padStart(8, "0");
  const start = performance.now();
  let isOpen = true;
  const end = (more: Bindings = {}): void => {
    if (!isOpen) return;
    isOpen = false;
    const ms = Math.round(1000 * (performance.now() - start)) / 1000;
    write({ span: "end", span_id: id, ms }, more, name);
  };
  write({ span: "begin", span_id: id }, fields, name);
  return { id, end, [Symbol.dispose]: () => end() };
}
