/**
 * Files of events (`/events`), read as if they were logs: an entry for each event, as JSON.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { payloadJson } from "../../decode_text.ts";
import { MAGIC_EVIL, MAGIC_EVTL } from "../../events/layout.ts";
import type { StoredEvent } from "../../events/stored_event.ts";
import { Entry } from "../../log/entry.ts";
import type { LogTarget } from "../../log/native/target.ts";

/** A file of events. */
export type EventTarget = Exclude<LogTarget, string>;

/** Whether a path leads to a file of events. */
export function isEventLog(target: LogTarget): target is EventTarget {
  if (typeof target === "string") return false;
  let descriptor: number | undefined;
  try {
    // Opening a pipe waits for its writer.
    if (!statSync(target.path).isFile()) return false;
    descriptor = openSync(target.path, "r");
    const start = new Int32Array(1);
    const size = readSync(descriptor, new Uint8Array(start.buffer), 0, 4, 0);
    return size === 4 && (start[0] === MAGIC_EVIL || start[0] === MAGIC_EVTL);
  } catch {
    // Those who open it say what is wrong.
    return false;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Throws for a file of events, which is not a damaged log. */
export function checkHoldsNoEvents(target: LogTarget): void {
  if (!isEventLog(target)) return;
  throw new RangeError(
    `file "${target.path}" holds events and is not a log: "ouroboros tail" and ` +
      `"ouroboros export --trace" read it`,
  );
}

/** An event as an entry. Its time is in whatever unit its writer likes: the size of the number tells. */
export function entryOf(event: StoredEvent, number: number): Entry {
  const { timestamp, type, flags, reserved, payload } = event;
  const { text, ...other } = payloadJson(payload) as { text?: string; base64?: string };
  const bytes = Buffer.from(JSON.stringify({
    // Numbers beyond 2^53 as text: of nanoseconds all digits count.
    timestamp: typeof timestamp === "bigint" ? String(timestamp) : timestamp,
    type,
    ...flags !== 0 && { flags },
    ...reserved !== 0 && { reserved },
    ...text !== undefined && { msg: text },
    ...other,
  }));
  return new Entry(bytes, 0, bytes.length, number, 0, 0);
}
