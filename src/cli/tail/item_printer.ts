/**
 * What `tail` prints, one thing after the other: entries to standard output, notices to people.
 *
 * @module
 */

import type { Entry } from "../../log/entry.ts";
import type { Cursor } from "../../log/native/cursor.ts";
import type { CursorFile } from "../files/cursor_file.ts";
import type { BatchPrinter } from "../output/batch_printer.ts";
import type { EntryPrinter, Origin } from "../output/format.ts";
import { oneLine } from "../output/harmless.ts";
import type { Prefixes } from "../output/prefixes.ts";
import type { Output } from "../output/output.ts";
import type { Colors } from "../output/pretty.ts";
import { warn } from "../output/warn.ts";
import { SignalPoll } from "../process/interrupt.ts";
import type { Item, ItemLog } from "./items.ts";

/** How long the cursor may lag behind what was seen and not wanted, in milliseconds. */
const LAG = 1000;

/** How to print items. */
export interface ItemPrinterOptions {
  output: Output;
  /** What prints an entry to `output`. */
  print: EntryPrinter;
  /** What prints whole batches to `output`. */
  batches: BatchPrinter;
  /** The logs that are known now. */
  logs: readonly ItemLog[];
  /** Whether there are several, or may be: then they are named. */
  areNamed: boolean;
  /** What colors their names at the beginning of lines; without it they have no color. */
  prefixColors: Colors | undefined;
  /** Where to remember how far a single log was printed. */
  cursorFile: CursorFile | undefined;
  /** What is printed between two groups of entries. */
  separator: string;
  /** Whether entries that were read may be left for the next time: then the place is that of the last one printed. */
  isCut: () => boolean;
}

/** Prints the items of one log or several. */
export class ItemPrinter {
  readonly #options: ItemPrinterOptions;
  /** The colors of prefixes that are not loaded. */
  #prefixColors: Colors | undefined;
  #logPrefixes: Prefixes | undefined;
  #sourcePrefixes: Prefixes | undefined;
  #cursor: Cursor | undefined;
  #count = 0;
  #withoutLevel = 0;
  #nextSave = 0;

  constructor(options: ItemPrinterOptions) {
    this.#options = options;
    this.#prefixColors = options.prefixColors;
  }

  /** How many entries were printed. */
  get count(): number {
    return this.#count;
  }

  /** How many of them have no level, where records are recognized. */
  get withoutLevel(): number {
    return this.#withoutLevel;
  }

  /** The place after the last entry that was printed, or passed by: of one log, not of several. */
  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  /** Prints items in their order until `signal` is aborted, and writes them out. */
  async print(items: Iterable<Item>, signal: AbortSignal): Promise<void> {
    const { output, logs, areNamed, print, batches, cursorFile, separator, isCut } = this.#options;
    const signals = new SignalPoll();
    let last: Item | undefined;
    for (const item of items) {
      if (signal.aborted) break;
      const { log, entry, text, time, record, notice, isBreak, batch } = item;
      if (batch !== undefined) await batches.print(batch);
      else if (batches.isWaiting) await batches.flush();
      if (notice !== undefined) {
        // After what came before it.
        await this.#flush(last);
        warn(areNamed ? `${log.name}: ${notice}` : notice);
      } else if (isBreak) output.write(separator);
      else if (entry !== undefined) {
        this.#count++;
        if (record?.level === undefined && !item.isContext) this.#withoutLevel++;
        if (this.#prefixColors !== undefined && (areNamed || log.received !== undefined)) {
          await this.#loadPrefixes(this.#prefixColors);
        }
        print(entry, record, this.#originOf(log, entry), text, time);
        last = item;
        if (!output.isFull) continue;
        await this.#flush(last);
      }
      if (!signals.isDue) continue;
      // What was found in a long log is shown, though there may be more.
      await this.#flush(last);
      await signals.poll();
    }
    await this.#flush(last);
    if (signal.aborted || areNamed || isCut()) return;
    // All of it: what was not wanted, too.
    this.#cursor = logs[0].position ?? this.#cursor;
    if (this.#cursor !== undefined && (last || performance.now() >= this.#nextSave)) {
      this.#nextSave = performance.now() + LAG;
      cursorFile?.save(this.#cursor);
    }
  }

  /** Only where lines have a prefix: to know the widths of letters takes a tenth of a start. */
  async #loadPrefixes(colors: Colors): Promise<void> {
    const { logs, areNamed } = this.#options;
    this.#prefixColors = undefined;
    const { Prefixes } = await import("../output/prefixes.ts");
    this.#sourcePrefixes = new Prefixes(colors);
    if (!areNamed) return;
    this.#logPrefixes = new Prefixes(colors);
    // All of one width from the first line on.
    for (const { name } of logs) this.#logPrefixes.of(oneLine(name));
  }

  /** Where an entry is from: one of several logs, or a log of another machine that was received. */
  #originOf(log: ItemLog, entry: Entry): Origin | undefined {
    const isOne = !this.#options.areNamed;
    const source = log.received?.of(entry.sequenceNumber);
    if (isOne && source === undefined) return undefined;
    return {
      ...!isOne && { name: log.name },
      log: source?.label ?? log.name,
      prefix: (this.#logPrefixes?.of(oneLine(log.name)) ?? "") +
        (source === undefined ? "" : this.#sourcePrefixes?.of(source.label) ?? ""),
      ...source !== undefined && { source: source.object },
    };
  }

  /** Writes out what was printed, and then remembers that. */
  async #flush(last: Item | undefined): Promise<void> {
    const { output, batches, areNamed, cursorFile } = this.#options;
    await batches.flush();
    await output.flush();
    if (areNamed) return;
    const number = last?.entry?.sequenceNumber;
    const position = last?.log.position;
    if (number === undefined || position === undefined) return;
    this.#cursor = { ...position, sequenceNumber: number };
    cursorFile?.save(this.#cursor);
  }
}
