/**
 * The names of logs at the beginning of lines, and where the entries of a log are from that was received.
 *
 * @module
 */

import { OuroborosError } from "../../errors.ts";
import type { LogTarget } from "../../log/native/target.ts";
import type { LogSource } from "../../ship/message.ts";
import { Origins } from "../../ship/origins.ts";
import { columnsOf, padded, shortened } from "./columns.ts";
import type { Colors } from "./pretty.ts";
import { sourceLabel } from "./harmless.ts";

/** Of how many names it is remembered how they look. */
const MOST_NAMES = 4096;
/** The widest name, in columns: of a longer one the beginning. */
const WIDEST = 40;

/** Names in columns of one width, each in a color. */
export class Prefixes {
  readonly #palette: ((text: string) => string)[];
  readonly #prefixes = new Map<string, string>();
  #width = 0;
  #count = 0;

  /** Uses these colors. */
  constructor({ cyan, yellow, green, magenta, blue, red }: Colors) {
    this.#palette = [cyan, yellow, green, magenta, blue, red];
  }

  /** What lines of that name begin with; they become wider with the widest name until now. */
  of(name: string): string {
    let prefix = this.#prefixes.get(name);
    if (prefix === undefined) {
      if (this.#prefixes.size >= MOST_NAMES) this.#prefixes.clear();
      this.#set(name, this.#count++);
      prefix = this.#prefixes.get(name)!;
    }
    return prefix;
  }

  #set(name: string, count: number): void {
    const shown = shortened(name, WIDEST);
    const width = columnsOf(shown);
    if (width > this.#width) {
      this.#width = width;
      const before = [...this.#prefixes.keys()];
      // Each keeps its color.
      before.forEach((other, i) => this.#set(other, count - before.length + i));
    }
    const paint = this.#palette[count % this.#palette.length];
    this.#prefixes.set(name, `${paint(padded(shown, this.#width))} | `);
  }
}

/** A log of some machine as JSON has it. */
export interface SourceObject {
  readonly host: string;
  readonly log: string;
  readonly segment: string;
}

/** A log of some machine as JSON has it. */
export function sourceObject({ host, name, segment }: LogSource): SourceObject {
  return { host, log: name, segment };
}

/** Where an entry is from, for people and for programs. */
export interface EntrySource {
  /** Like `web-1/app`, and `?` if that is not known. */
  readonly label: string;
  /** The log, and the number that the entry has there; `null` if that is not known. */
  readonly object: SourceObject & { readonly seq: number } | null;
}

const UNKNOWN: EntrySource = { label: "?", object: null };

/** Where the entries of a log are from that `receive --to` has written. */
export class ReceivedLog implements Disposable {
  readonly #origins: Origins;
  readonly #labels = new WeakMap<LogSource, string>();

  private constructor(origins: Origins) {
    this.#origins = origins;
  }

  /** Opens what is beside a log; `undefined` if nobody received into it, or nothing can be read of that. */
  static open(target: LogTarget): ReceivedLog | undefined {
    try {
      return new ReceivedLog(Origins.open(target));
    } catch (error) {
      if (error instanceof OuroborosError) return undefined;
      throw error;
    }
  }

  /** Where an entry is from. */
  of(sequenceNumber: number): EntrySource {
    const origin = this.#origins.of(sequenceNumber);
    if (origin === undefined) return UNKNOWN;
    const { source } = origin;
    let label = this.#labels.get(source);
    if (label === undefined) this.#labels.set(source, label = sourceLabel(source));
    return { label, object: { ...sourceObject(source), seq: origin.sequenceNumber } };
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#origins.close();
  }
}
