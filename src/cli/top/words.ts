/**
 * What is known of a log, in words and bars.
 *
 * @module
 */

import { padded, shortened, table } from "../output/columns.ts";
import { oneLine } from "../output/harmless.ts";
import { groupsOf } from "../output/groups.ts";
import { agoWord } from "../output/last_write.ts";
import { counted } from "../output/warn.ts";
import { formatSize } from "../../base/sizes.ts";
import type { Age, LogLook } from "./watch.ts";

/** By what logs are sorted. */
export type SortKey = "name" | "rate" | "size" | "last";

/** All keys, in the order of the key `s`. */
export const SORT_KEYS: readonly SortKey[] = ["rate", "name", "size", "last"];

const LEVELS = "▁▂▃▄▅▆▇█";

/** The columns of the list: heads, widths, and on which side they are aligned. */
export const COLUMNS: readonly { head: string; width: number; isNumber: boolean }[] = [
  { head: "NAME", width: 0, isNumber: false },
  { head: "WRITER", width: 8, isNumber: false },
  { head: "ENTRIES/S", width: 9, isNumber: true },
  { head: "BYTES/S", width: 10, isNumber: true },
  { head: "REACHES BACK", width: 12, isNumber: true },
  { head: "LAST", width: 11, isNumber: true },
  { head: "WRITTEN", width: 10, isNumber: true },
];

/** Sorts a copy: the fastest, the largest or those with the most entries first; else by name. */
export function sorted(looks: readonly LogLook[], key: SortKey): LogLook[] {
  const value = (look: LogLook) =>
    key === "rate" ? look.rate ?? 0 : key === "size" ? sizeOf(look) : totalOf(look);
  const byName = (a: LogLook, b: LogLook) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  return [...looks].sort((a, b) => (key === "name" ? 0 : value(b) - value(a)) || byName(a, b));
}

/** The cells of a log, in the order of the columns. */
export function cells(look: LogLook): string[] {
  const name = oneLine(look.name);
  if (look.outline === undefined && look.members === undefined) {
    return [name, look.error ?? "?", "", "", "", "", ""];
  }
  return [
    name,
    writerWord(look),
    rateWord(look.rate),
    look.byteRate === undefined ? "" : formatSize(Math.round(look.byteRate)),
    ageWord(look.reach),
    String(totalOf(look)),
    agoWord(look.lastWrite),
  ];
}

/** How many entries were ever written. */
function totalOf({ outline, members }: LogLook): number {
  return members?.reduce((sum, look) => sum + totalOf(look), 0) ?? outline?.total ?? 0;
}

function sizeOf({ outline, members }: LogLook): number {
  return members?.reduce((sum, look) => sum + sizeOf(look), 0) ?? outline?.segmentSize ?? 0;
}

/** The same with the slots of a name as one. */
export function grouped(looks: readonly LogLook[]): LogLook[] {
  return groupsOf(looks).map(({ name, members }) => {
    if (members.length === 1) return members[0];
    const sum = (values: (number | undefined)[]) =>
      values.every((value) => value === undefined)
        ? undefined
        : values.reduce<number>((all, value) => all + (value ?? 0), 0);
    const reach = members.map(({ reach }) => reach).filter((age) => age !== undefined);
    const written = members.map(({ lastWrite }) => lastWrite).filter((time) => time !== undefined);
    const rate = sum(members.map(({ rate }) => rate));
    const byteRate = sum(members.map(({ byteRate }) => byteRate));
    return {
      name,
      members,
      isAlive: members.some(({ isAlive }) => isAlive),
      ...rate !== undefined && { rate },
      ...byteRate !== undefined && { byteRate },
      // All of them are there from then on.
      ...reach.length > 0 && { reach: reach.reduce((a, b) => b.age < a.age ? b : a) },
      ...written.length > 0 && { lastWrite: Math.max(...written) },
      ageOf: () => undefined,
    };
  });
}

/** What is known of all logs, as a table, with names of so many columns at most. */
export function lookTable(looks: readonly LogLook[], longestName = Infinity): string {
  const head = [...COLUMNS.map(({ head }) => head), "CHUNKS"];
  const rows = looks.map((look) => {
    const [name, ...others] = cells(look);
    return [shortened(name, longestName), ...others, chunkBar(look, 32).text];
  });
  return table([head, ...rows]);
}

/** The first line of a screen: how many logs there are, how much is written to them, and the time. */
export function title(logs: readonly LogLook[], columns: number): string {
  const rate = logs.reduce((sum, look) => sum + (look.rate ?? 0), 0);
  const text = `ouroboros top  ${counted(logs.length, "log")}, ${rateWord(rate)} entries/s`;
  const time = new Date().toTimeString().slice(0, 8);
  return fit(text, Math.max(columns - 9, 0), false) + (columns > 20 ? ` ${time}` : "");
}

/**
 * `"4711"`, `"alive"`, `"finished"`, `"saved"`, or `"dead"`: without a writer, or with one of a library that takes no lock. Of a group
 * how many are alive: `"3 of 4"`.
 */
export function writerWord({ isAlive, isSaved, writerPid, members, outline }: LogLook): string {
  if (members !== undefined) {
    return `${members.filter(({ isAlive }) => isAlive).length} of ${members.length}`;
  }
  if (outline?.isFinished) return "finished";
  if (isSaved) return "saved";
  return isAlive ? String(writerPid ?? "alive") : "dead";
}

/** Entries a second in few characters. */
export function rateWord(rate: number | undefined): string {
  if (rate === undefined) return "";
  if (rate >= 1e6) return `${(rate / 1e6).toFixed(2)}M`;
  if (rate >= 1e4) return `${(rate / 1e3).toFixed(1)}k`;
  return rate > 0 && rate < 10 ? rate.toFixed(1) : String(Math.round(rate));
}

/** An age in few characters; with `~` if it is computed from the present speed. */
export function ageWord(age: Age | undefined): string {
  if (age === undefined) return "?";
  const seconds = Math.max(age.age, 0) / 1000;
  const mark = age.isExact ? "" : "~";
  if (seconds < 10) return `${mark}${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${mark}${Math.round(seconds)} s`;
  if (seconds < 7200) return `${mark}${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${mark}${Math.round(seconds / 3600)} h`;
  return seconds < 1e9 ? `${mark}${Math.round(seconds / 86400)} d` : "long";
}

/** How full each chunk is, a character a chunk, or several chunks a character if there is no room. */
export function chunkBar(look: LogLook, width: number): { text: string; newest: number } {
  const { outline } = look;
  if (outline === undefined || width < 1) return { text: "", newest: -1 };
  const { chunkCount, chunkBytes, chunkSize } = outline;
  const length = Math.min(chunkCount, width);
  let text = "";
  let newest = -1;
  for (let i = 0; i < length; i++) {
    const from = Math.floor(i * chunkCount / length);
    const to = Math.floor((i + 1) * chunkCount / length);
    let bytes = 0;
    for (let index = from; index < to; index++) bytes += chunkBytes[index];
    const fill = bytes / ((to - from) * Math.max(chunkSize, 1));
    text += fill > 0 ? LEVELS[Math.min(Math.floor(fill * LEVELS.length), 7)] : "·";
    if (outline.newest >= from && outline.newest < to) newest = i;
  }
  return { text, newest };
}

/** A share from 0 to 1 as a bar of blocks. */
export function bar(share: number, width: number): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}

/** A text in a cell of a width. */
export function fit(text: string, width: number, isNumber: boolean): string {
  return padded(shortened(text, width), width, isNumber);
}
