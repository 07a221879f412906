/**
 * What was received from a stream, printed as `tail` prints logs.
 *
 * @module
 */

import process from "node:process";
import { Entry } from "../../log/entry.ts";
import type { LogSource } from "../../ship/message.ts";
import type { ReceivedEntry, ReceivedGap, ReceivedItem } from "../../ship/received.ts";
import { type Criteria, Selection } from "../options/selection.ts";
import {
  type EntryFormat,
  entryObject,
  type EntryPrinter,
  entryPrinter,
  type Origin,
} from "../output/format.ts";
import { columnsOf, padded, shortened } from "../output/columns.ts";
import { harmlessJson, oneLine } from "../output/harmless.ts";
import { Output } from "../output/output.ts";
import { outputColors } from "../output/output_colors.ts";
import type { Colors } from "../output/pretty.ts";
import { entryCount, warn } from "../output/warn.ts";
import { SignalPoll } from "../process/interrupt.ts";

/** How to print. */
export interface ReceivedPrinterOptions {
  output: Output;
  format: EntryFormat;
  /** Whether control characters must not come through. */
  isTerminal: boolean;
  colors: Colors;
  /** Which entries are printed. */
  criteria: Criteria;
  /** Whether lines begin with the names of their logs. */
  hasPrefix: boolean;
}

/** The options of printing. */
export interface PrintingOptions extends Criteria {
  output?: EntryFormat;
  color?: boolean;
  prefix: boolean;
}

/** A log that entries came from. */
interface Source {
  readonly selection: Selection;
  readonly origin: Origin;
  readonly paint: (text: string) => string;
}

/** Of how many logs something is remembered. */
const MOST_SOURCES = 4096;
/** The widest name, in columns: of a longer one the beginning. */
const WIDEST = 40;

/** Prints entries and gaps. */
export class ReceivedPrinter {
  readonly #options: ReceivedPrinterOptions;
  readonly #print: EntryPrinter;
  readonly #sources = new Map<LogSource, Source>();
  #width = 0;

  /** Prints to an output. */
  constructor(options: ReceivedPrinterOptions) {
    const { format, output, isTerminal, colors } = options;
    this.#options = options;
    this.#print = entryPrinter(format, output, { isTerminal, colors });
  }

  /** Prints to standard output what the options of a command say. */
  static standard(options: PrintingOptions, signal: AbortSignal): ReceivedPrinter {
    const isTerminal = Boolean(process.stdout.isTTY);
    return new ReceivedPrinter({
      output: Output.standard(signal),
      format: options.output ?? (isTerminal ? "pretty" : "text"),
      isTerminal,
      colors: outputColors(options.color),
      criteria: options,
      hasPrefix: options.prefix,
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
      if (item.kind === "entry") this.#entry(item);
      else await this.#gap(item);
      if (output.isFull) await output.flush();
    }
    await output.flush();
    return printed === items.length;
  }

  #entry(received: ReceivedEntry): void {
    const { bytes, sequenceNumber, time } = received;
    const entry = new Entry(bytes, 0, bytes.length, sequenceNumber, 0, 0);
    const { selection, origin } = this.#sourceOf(received.source);
    if (!selection.wants(entry, true, time)) return;
    if (this.#options.format === "json") {
      const { truncatedFrom } = received;
      this.#json({
        ...nameOf(received.source),
        ...entryObject(entry),
        ...time > 0 && { time },
        ...truncatedFrom !== undefined && { truncatedFrom },
      });
    } else this.#print(entry, selection.record, this.#options.hasPrefix ? origin : undefined);
  }

  async #gap(gap: ReceivedGap): Promise<void> {
    const { output, format } = this.#options;
    const { source, from, to, count, reason } = gap;
    if (format === "json") this.#json({ ...nameOf(source), gap: { from, to, count, reason } });
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
      const { colors, criteria, format } = this.#options;
      const palette = [
        colors.cyan,
        colors.yellow,
        colors.green,
        colors.magenta,
        colors.blue,
        colors.red,
      ];
      const paint = palette[this.#sources.size % palette.length];
      const name = shortened(label(log), WIDEST);
      const selection = new Selection(criteria, format === "pretty");
      source = { selection, origin: { name, prefix: "" }, paint };
      if (this.#sources.size >= MOST_SOURCES) {
        const [oldest] = this.#sources.keys();
        this.#sources.delete(oldest);
      }
      this.#sources.set(log, source);
      this.#align(name);
      source.origin.prefix = this.#prefix(source);
    }
    return source;
  }

  /** Makes the names of one width, as far as they are known. */
  #align(name: string): void {
    const width = columnsOf(name);
    if (width <= this.#width) return;
    this.#width = width;
    for (const source of this.#sources.values()) source.origin.prefix = this.#prefix(source);
  }

  #prefix({ origin, paint }: Source): string {
    return `${paint(padded(origin.name, this.#width))} | `;
  }
}

/** Says on standard error what is missing. */
export function sayGap({ source, from, to, count, reason }: ReceivedGap): void {
  const range = count === 1 ? `${from}` : `${from} to ${to}`;
  warn(`${label(source)}: ${entryCount(count)} missing (${reason}): ${range}`);
}

/** A log as JSON has it. */
function nameOf(
  { host, name, segment }: LogSource,
): { host: string; log: string; segment: string } {
  return { host, log: name, segment };
}

/** A log in a word. Its names may come from a stranger. */
function label({ host, name }: LogSource): string {
  const text = name.startsWith("/") ? `${host}${name}` : `${host}/${name}`;
  return oneLine(text);
}
