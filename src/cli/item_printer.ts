/**
 * What `tail` prints, one thing after the other: entries to standard output, notices to people.
 *
 * @module
 */

import type { EntryPrinter, Origin } from "./format.ts";
import type { Output } from "./output.ts";
import type { Colors } from "./pretty.ts";
import type { Item, TailedLog } from "./tailed_log.ts";
import { warn } from "./warn.ts";

/** Prints the items of one log or several. */
export class ItemPrinter {
  readonly #output: Output;
  readonly #print: EntryPrinter;
  readonly #origins: Map<TailedLog, Origin>;

  /**
   * Prints by `print`, which writes to `output`. If there is more than one log they are named, and,
   * if there are colours for it, lines begin with the names.
   */
  constructor(
    output: Output,
    print: EntryPrinter,
    logs: TailedLog[],
    prefixColors: Colors | undefined,
  ) {
    this.#output = output;
    this.#print = print;
    this.#origins = logs.length > 1 ? originsOf(logs, prefixColors) : new Map();
  }

  /** Prints items in their order. */
  async print(items: Iterable<Item>): Promise<void> {
    for (const { log, selected, notice } of items) {
      const origin = this.#origins.get(log);
      if (selected !== undefined) this.#print(selected.entry, selected.record, origin);
      if (notice !== undefined) {
        // After what came before it.
        await this.#output.flush();
        warn(origin ? `${log.name}: ${notice}` : notice);
      }
      if (this.#output.isFull) await this.#output.flush();
    }
  }

  /** Writes out what was printed. */
  flush(): Promise<void> {
    return this.#output.flush();
  }
}

/** The names of the logs in one width, each in a colour. */
function originsOf(logs: TailedLog[], colors: Colors | undefined): Map<TailedLog, Origin> {
  const width = Math.max(...logs.map(({ name }) => name.length));
  const palette = colors &&
    [colors.cyan, colors.yellow, colors.green, colors.magenta, colors.blue, colors.red];
  return new Map(logs.map((log, i) => {
    const prefix = palette ? `${palette[i % palette.length](log.name.padEnd(width))} | ` : "";
    return [log, { name: log.name, prefix }];
  }));
}
