/**
 * What was received from a stream, printed as `tail` prints logs.
 *
 * @module
 */

import process from "node:process";
import { Entry } from "../../log/entry.ts";
import type { Field } from "../../records/question/field.ts";
import {
  headOfBytes,
  joinBytes,
  type LineParts,
  mayBePart,
  WholeLines,
} from "../../records/whole_lines.ts";
import { isLoss, type LogSource } from "../../ship/message.ts";
import {
  ReceivedEntry,
  type ReceivedGap,
  type ReceivedItem,
  type ReceiveSummary,
} from "../../ship/received.ts";
import { type Criteria, Selection } from "../options/selection.ts";
import {
  type EntryFormat,
  entryObject,
  type EntryPrinter,
  entryPrinter,
} from "../output/format.ts";
import { harmlessJson, sourceLabel } from "../output/harmless.ts";
import { sourceObject } from "../output/received_log.ts";
import { Prefixes } from "../output/prefixes.ts";
import { Output } from "../output/output.ts";
import { outputColors } from "../output/output_colors.ts";
import type { Colors } from "../output/pretty.ts";
import { entryCount, warn } from "../output/warn.ts";
import { SignalPoll } from "../process/interrupt.ts";

/** How to print. */
export interface ReceivedPrinterOptions {
  output: Output;
  format: EntryFormat;
  /** Only these fields. */
  fields?: readonly Field[] | undefined;
  /** Whether control characters must not come through. */
  isTerminal: boolean;
  colors: Colors;
  /** Which entries are printed. */
  criteria: Criteria;
  /** Whether lines begin with the names of their logs. */
  hasPrefix: boolean;
  /** Whether lines of container runtimes that are in parts are put together. */
  joinsLines: boolean;
}

/** The options of printing. */
export interface PrintingOptions extends Criteria {
  output?: EntryFormat;
  fields?: readonly Field[];
  color?: boolean;
  prefix: boolean;
  /** A place is kept, which may be between two parts of a line: these are printed as they are. */
  keepsPlace?: boolean;
}

/** A log that entries came from. */
interface Source {
  readonly selection: Selection;
  readonly name: string;
  readonly lines: WholeLines<ReceivedEntry>;
}

/** How much is kept of lines in parts, of all logs, in bytes. */
const MOST_KEPT = 1 << 26;

/** Entries as parts of lines. */
const ENTRIES: LineParts<ReceivedEntry> = {
  mayBePart: ({ bytes }) => mayBePart(bytes, 0, bytes.length),
  headOf: ({ bytes }) => headOfBytes(bytes),
  sizeOf: ({ bytes }) => bytes.length,
  join(parts, isWhole) {
    const { source, sequenceNumber, time, truncatedFrom, streamSequence } =
      parts[parts.length - 1].item;
    const bytes = joinBytes(parts, isWhole);
    return new ReceivedEntry(source, sequenceNumber, time, bytes, truncatedFrom, streamSequence);
  },
  most: 1 << 24,
};

/** Of how many logs something is remembered. */
const MOST_SOURCES = 4096;

/** Prints entries and gaps. */
export class ReceivedPrinter {
  readonly #options: ReceivedPrinterOptions;
  readonly #print: EntryPrinter;
  readonly #sources = new Map<LogSource, Source>();
  readonly #prefixes: Prefixes;
  #kept = 0;

  /** Prints to an output. */
  constructor(options: ReceivedPrinterOptions) {
    const { format, output, isTerminal, colors, fields } = options;
    this.#options = options;
    this.#print = entryPrinter(format, output, { isTerminal, colors, fields });
    this.#prefixes = new Prefixes(colors);
  }

  /** Prints to standard output what the options of a command say. */
  static standard(options: PrintingOptions, signal: AbortSignal): ReceivedPrinter {
    const isTerminal = Boolean(process.stdout.isTTY);
    const format = options.output ?? (isTerminal ? "pretty" : "text");
    return new ReceivedPrinter({
      output: Output.standard(signal),
      format,
      fields: options.fields,
      isTerminal,
      colors: outputColors(options.color),
      criteria: options,
      hasPrefix: options.prefix,
      joinsLines: format !== "raw" && format !== "hex" && !options.keepsPlace,
    });
  }

  /**
   * Prints items, and writes them out; an abort of `signal` ends that in the middle.
   *
   * @returns whether all were printed
   */
  async print(items: readonly ReceivedItem[], signal?: AbortSignal): Promise<boolean> {
    const { output } = this.#options;
    const signals = new SignalPoll();
    let printed = 0;
    for (const item of items) {
      if (signals.isDue) {
        await signals.poll();
        // A pattern may take its time for each.
        if (signal?.aborted) break;
      }
      printed++;
      if (item.kind === "entry") {
        const line = this.#options.joinsLines ? this.#lineOf(item) : item;
        if (line !== undefined) this.#entry(line);
      } else await this.#gap(item);
      if (output.isFull) await output.flush();
    }
    await output.flush();
    return printed === items.length;
  }

  /** Prints what was begun, and has no end; no more is to come. */
  async end(): Promise<void> {
    for (const { lines } of this.#sources.values()) this.#unfinished(lines);
    await this.#options.output.flush();
  }

  /** The line of which an entry is the last part; `undefined` if more of that is to come. */
  #lineOf(entry: ReceivedEntry): ReceivedEntry | undefined {
    const { lines } = this.#sourceOf(entry.source);
    const { size } = lines;
    const line = lines.take(entry);
    this.#kept += lines.size - size;
    if (this.#kept > MOST_KEPT) this.#unfinished(lines);
    return line;
  }

  #unfinished(lines: WholeLines<ReceivedEntry>): void {
    this.#kept -= lines.size;
    for (const line of lines.rest()) this.#entry(line);
  }

  #entry(received: ReceivedEntry): void {
    const { bytes, sequenceNumber, time } = received;
    const entry = new Entry(bytes, 0, bytes.length, sequenceNumber, 0, 0);
    const { selection, name } = this.#sourceOf(received.source);
    if (!selection.wants(entry, true, time)) return;
    if (this.#options.format === "json" && this.#options.fields === undefined) {
      const { truncatedFrom } = received;
      this.#json({
        ...sourceObject(received.source),
        ...entryObject(entry),
        ...time > 0 && { time },
        ...truncatedFrom !== undefined && { truncatedFrom },
      });
    } else {
      const prefix = this.#options.hasPrefix ? this.#prefixes.of(name) : "";
      const source = { ...sourceObject(received.source), seq: sequenceNumber };
      this.#print(entry, selection.record, { name, log: name, prefix, source });
    }
  }

  async #gap(gap: ReceivedGap): Promise<void> {
    const { output, format } = this.#options;
    const { source, from, to, count, reason } = gap;
    // Nothing is missing, and a line may continue.
    if (!isLoss(reason)) return;
    this.#unfinished(this.#sourceOf(source).lines);
    if (format === "json") {
      this.#json({ ...sourceObject(source), gap: { from, to, count, reason } });
    }
    // After what came before it.
    await output.flush();
    sayGap(gap);
  }

  #json(object: object): void {
    this.#options.output.write(`${harmlessJson(JSON.stringify(object))}\n`);
  }

  #sourceOf(log: LogSource): Source {
    let source = this.#sources.get(log);
    if (source === undefined) {
      const { criteria, format, fields } = this.#options;
      const name = sourceLabel(log);
      source = {
        selection: new Selection(
          criteria,
          fields !== undefined || format === "pretty" || format === "logfmt",
          () => name,
        ),
        name,
        lines: new WholeLines(ENTRIES),
      };
      if (this.#sources.size >= MOST_SOURCES) {
        const [[oldest, { lines }]] = this.#sources;
        this.#unfinished(lines);
        this.#sources.delete(oldest);
      }
      this.#sources.set(log, source);
    }
    return source;
  }
}

/** What reports once that messages are not believed, and what to do if they should be. */
export function distrustNotice(): (summary: ReceiveSummary) => void {
  let isSaid = false;
  return ({ distrustedMessages: count }) => {
    if (count === 0 || isSaid) return;
    isSaid = true;
    warn(
      "messages are left out whose subject does not name the machine and log that their headers " +
        "name. If the forwarders have a --subject of their own, use it here as --template",
    );
  };
}

/** Says on standard error what is missing. */
export function sayGap({ source, from, to, count, reason }: ReceivedGap): void {
  const range = count === 1 ? `${from}` : `${from} to ${to}`;
  warn(`${sourceLabel(source)}: ${entryCount(count)} missing (${reason}): ${range}`);
}
