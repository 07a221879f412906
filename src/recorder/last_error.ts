/**
 * What a program said of its own end.
 *
 * @module
 */

import type { Entry } from "../log/entry.ts";
import { entryParts } from "../log/native/entry_lines.ts";
import { ShmLogReader } from "../log/native/shm_log_reader.ts";
import type { LogTarget } from "../log/native/target.ts";
import { isAtLeast } from "../records/level.ts";
import { recognizeRecord } from "../records/recognize.ts";
import { WholeLines } from "../records/whole_lines.ts";

/** How many of the last entries are looked at. */
const LAST = 2048;
/** How an error begins in what most languages print. */
const ERROR =
  /^(?:Uncaught |Unhandled |\S+: )?(?:[\w.]*(?:Error|Exception)\b|panic:|fatal\b|thread '.*' panicked)/i;

/**
 * The last error in a log: the last record that is an error, else the last line of standard error that
 * looks like one, else its last line.
 */
export function lastError(target: LogTarget): string | undefined {
  using reader = ShmLogReader.open(target, { strategy: "oldest", onDamage: "skip" });
  const ring: Entry[] = [];
  let count = 0;
  const end = reader.newestSequenceNumber();
  while (reader.lastSequenceNumber < end) {
    const entry = reader.read();
    if (entry === undefined) break;
    ring[count++ % LAST] = entry;
  }
  const whole = new WholeLines(entryParts());
  const lines: Entry[] = [];
  for (let i = Math.max(0, count - LAST); i < count; i++) {
    const line = whole.take(ring[i % LAST]);
    if (line !== undefined) lines.push(line);
  }
  lines.push(...whole.rest());
  let line: string | undefined;
  let guess: string | undefined;
  for (const { text } of lines.reverse()) {
    const record = recognizeRecord(text);
    const { message = "" } = record ?? {};
    if (record?.level !== undefined && isAtLeast(record.level, "error")) return message;
    if (record?.stream !== "stderr") continue;
    if (ERROR.test(message)) guess ??= message;
    // What is indented is a part of something.
    else if (/^\S/.test(message)) line ??= message;
  }
  return guess ?? line;
}
