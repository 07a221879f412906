/**
 * `ouroboros tail FILE`, and `dump`, of a file of events.
 *
 * @module
 */

import process from "node:process";
import { EventLogReader } from "../../events/native/event_log_reader.ts";
import type { StoredEvent } from "../../events/stored_event.ts";
import type { Entry } from "../../log/entry.ts";
import type { Field } from "../../records/question/field.ts";
import { type Criteria, Selection } from "../options/selection.ts";
import { type EntryFormat, entryPrinter } from "../output/format.ts";
import type { Output } from "../output/output.ts";
import { outputColors } from "../output/output_colors.ts";
import { Turns } from "../../following.ts";
import { warnNoneMatches } from "../tail/hints.ts";
import { entryOf, type EventTarget } from "./event_entries.ts";

/** How to print events. */
export interface TailEventsOptions extends Criteria {
  format: EntryFormat;
  /** Whether the output is standard output. */
  isStandard: boolean;
  color?: boolean | undefined;
  fields?: readonly Field[] | undefined;
  /** The last so many that are selected; all: undefined. */
  lines?: number | undefined;
  /** The first so many. */
  head?: number | undefined;
  /** Whether to print what comes, too. */
  follow: boolean;
}

/**
 * Prints events as entries, numbered from 1; returns how many.
 *
 * @throws {OuroborosError} what `EventLogReader` throws, after the events before that were printed
 */
export async function tailEvents(
  { path }: EventTarget,
  output: Output,
  options: TailEventsOptions,
  signal: AbortSignal,
): Promise<number> {
  const { format, isStandard, fields, lines, head = Infinity, follow } = options;
  using reader = EventLogReader.open(path);
  const print = entryPrinter(format, output, {
    isTerminal: isStandard && Boolean(process.stdout.isTTY),
    ...isStandard && { colors: outputColors(options.color) },
    fields,
    log: path,
  });
  const isShown = format === "pretty" || fields !== undefined;
  const selection = new Selection(options, isShown, () => path);
  let [seen, count] = [0, 0];
  const select = (event: StoredEvent, isLive: boolean): Entry | undefined => {
    const entry = entryOf(event, ++seen);
    return selection.wants(entry, isLive) ? entry : undefined;
  };
  const put = (entry: Entry) => {
    print(entry, selection.record);
    count++;
  };
  const turns = new Turns();
  const last: Entry[] = [];
  try {
    for (const event of reader) {
      if (signal.aborted || count >= head) break;
      const entry = select(event, false);
      if (entry !== undefined && lines === undefined) put(entry);
      else if (entry !== undefined) {
        last.push(entry);
        if (last.length > 2 * lines!) last.splice(0, last.length - lines!);
      }
      if (output.isFull) await output.flush();
      const turn = turns.due();
      if (turn !== undefined) await turn;
    }
  } finally {
    // What comes before a damage can be read. Its record is that of the last one no more.
    for (const entry of lines ? last.slice(-lines) : []) {
      if (count >= head) break;
      print(entry, undefined);
      count++;
    }
    await output.flush();
  }
  if (!follow && count === 0 && !selection.isOpen && lines !== 0 && head !== 0) {
    if (!signal.aborted) warnNoneMatches(seen);
  }
  if (!follow || signal.aborted || count >= head) return count;
  const known = seen;
  seen = 0;
  for await (const event of reader.follow({ signal, interval: 20 })) {
    // From the first one on: no event comes between what was there and what comes.
    if (seen < known) {
      seen++;
      continue;
    }
    const entry = select(event, true);
    if (entry === undefined) continue;
    put(entry);
    await output.flush();
    if (count >= head) break;
  }
  return count;
}
