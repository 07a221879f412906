/**
 * What `watch` says of incidents: in messages, and in what it saves.
 *
 * @module
 */

import { hostname } from "node:os";
import type { Incident } from "../../recorder/incidents.ts";
import type { LogTrigger } from "../../recorder/watch_logs.ts";
import type { CollectedNote } from "../../ship/collect.ts";
import { oneLine, sourceLabel } from "../output/harmless.ts";
import { counted } from "../output/warn.ts";

/** What no entry says: the file gets one about each. */
const LOG_REASONS: ReadonlySet<string> = new Set(["dead", "silent"]);

/** The entry about a trigger that no other one says. */
export function noteOf(trigger: LogTrigger): CollectedNote | undefined {
  const { reason, log, time, pid, programPid, ending, lastEntry } = trigger;
  if (!LOG_REASONS.has(reason)) return undefined;
  const known = [
    ending,
    programPid && `program PID ${programPid}`,
    pid && `writer PID ${pid}`,
  ];
  const text = JSON.stringify({
    time: new Date(time).toISOString(),
    level: "error",
    logger: "ouroboros.watch",
    msg: [`${reason}: ${log}`, ...known.filter(Boolean)].join(", "),
    // Not "log", which is the one that this entry is from. Named as all others are in the file.
    about: sourceLabel({ host: hostname(), name: log }),
    reason,
    // Of the writer that is dead; the next one may have the log by now.
    pid,
    // "run" writes for a program.
    programPid,
    lastEntry,
  });
  return { text, time, name: "ouroboros watch" };
}

/** How many logs and reasons are named in one message. */
const MOST_NAMED = 5;

/** What else is in an incident: `; with 4 more: error in /app.0 (3 times), dead in /app.1`. */
export function othersIn({ reason, log, counts }: Incident): string {
  const others = [...counts.values()]
    .map((one) => one.reason === reason && one.log === log ? { ...one, count: one.count - 1 } : one)
    .filter(({ count }) => count > 0)
    .sort((a, b) => Number(LOG_REASONS.has(b.reason)) - Number(LOG_REASONS.has(a.reason)));
  if (others.length === 0) return "";
  const all = others.reduce((sum, { count }) => sum + count, 0);
  const named = others.slice(0, MOST_NAMED).map(({ reason, log, count }) =>
    `${reason} in ${log}${count > 1 ? ` (${count} times)` : ""}`
  );
  const rest = others.slice(MOST_NAMED);
  if (rest.length > 0) {
    named.push(`and in ${counted(new Set(rest.map(({ log }) => log)).size, "log")}`);
  }
  return `; with ${all} more: ${named.join(", ")}`;
}

/** How long the text of all triggers may be: the system takes a variable of 128 KiB, and no larger one. */
const MOST_TEXT = 1 << 15;

/** All that is in an incident, for a program: `dead 1 /app.1` in a line, the first trigger in the first one. */
export function triggersOf({ counts }: Incident): string {
  const lines: string[] = [];
  let length = 0;
  for (const { reason, log, count } of counts.values()) {
    const line = `${reason} ${count} ${oneLine(log)}`;
    length += line.length + 1;
    if (length > MOST_TEXT) break;
    lines.push(line);
  }
  return lines.join("\n");
}

/** `17 s`, `12 min`. */
export function inWords(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
