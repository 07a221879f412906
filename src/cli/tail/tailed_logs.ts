/**
 * The logs that `tail` reads: those that were named, and those that match a pattern at each moment.
 *
 * @module
 */

import { OuroborosError, type SystemCallError } from "../../errors.ts";
import { isShortOfDescriptors } from "../../log/native/followed_log.ts";
import { LiveMerge } from "../../merge.ts";
import { type NamedLogs, nameOf } from "../options/named_logs.ts";
import { warn } from "../output/warn.ts";
import { explain } from "../process/exit.ts";
import { finerTimeOf, type Item } from "./items.ts";
import { TailedLog, type TailedLogOptions } from "./tailed_log.ts";

/** Logs that are read together, and perhaps followed. */
export class TailedLogs {
  /** All that are known, in the order of their names. */
  readonly all: TailedLog[] = [];
  readonly #names: NamedLogs;
  readonly #options: Omit<TailedLogOptions, "count">;
  readonly #signal: AbortSignal;
  /** Those that match a pattern, by name; undefined: it can't be read. */
  readonly #members = new Map<string, TailedLog | undefined>();
  /** Those that are not there yet. */
  readonly #missing = new Set<TailedLog>();
  /** Whether it was reported that not all that match can be open at once. */
  #isShort = false;

  /** Opens nothing yet. */
  constructor(names: NamedLogs, options: Omit<TailedLogOptions, "count">, signal: AbortSignal) {
    this.#names = names;
    this.#options = options;
    this.#signal = signal;
  }

  /** Opens what is there. When following it says what is waited for. */
  async openAll(): Promise<void> {
    const follows = this.#options.follow !== "no";
    const targets = follows ? this.#names.find() : this.#names.existing();
    const isPlain = new Set(this.#names.plain);
    const count = targets.length;
    for (const target of targets) {
      const isMember = !isPlain.has(target);
      const log = new TailedLog(target, { ...this.#options, count, isMember });
      if (isMember) this.#members.set(log.name, log);
      this.all.push(log);
      try {
        if (await log.open(this.#signal)) continue;
        this.#missing.add(log);
        // A mistyped name must not look like a silent log.
        warn(`waiting for log "${log.name}"`);
      } catch (error) {
        if (isShortOfDescriptors(error)) throw tooMany(this.all.length - 1, count, error);
        // One of many must not keep the others from being seen.
        if (!isMember || !(error instanceof OuroborosError)) throw error;
        this.#refuse(log, error);
      }
    }
    if (count === 0) warn(`waiting for a log that matches ${this.#names.patterns}`);
  }

  /** Those that were there when they were opened. */
  get there(): TailedLog[] {
    return this.all.filter((log) => !this.#missing.has(log));
  }

  /** What comes, a batch at a time, until nothing can come any more, or an abort. */
  live(): AsyncGenerator<Item[]> {
    return this.#names.isOne ? this.#liveOne(this.all[0]) : this.#liveMerged();
  }

  /** Closes all. */
  [Symbol.dispose](): void {
    for (const log of this.all) log.close();
  }

  /** What comes to a single log; all of it, if the log itself is yet to come. */
  async *#liveOne(log: TailedLog): AsyncGenerator<Item[]> {
    if (this.#missing.has(log)) {
      if (!await log.wait(this.#signal)) return;
      // In pieces, for there may be many.
      let items: Item[] = [];
      for (const item of log.past()) {
        items.push(item);
        if (item.entry !== undefined || item.notice !== undefined) continue;
        yield items;
        items = [];
      }
      yield items;
    }
    yield* log.live(this.#signal);
  }

  #liveMerged(): AsyncGenerator<Item[]> {
    const merge = new LiveMerge<Item>({
      finerTime: finerTimeOf,
      signal: this.#signal,
      ...this.#names.hasPatterns && { look: () => this.#lookForOthers(merge) },
    });
    for (const log of this.all) merge.add(log);
    for (const log of this.#missing) log.openLater(this.#signal);
    return merge.merged();
  }

  /** Adds logs that begin to match. */
  #lookForOthers(merge: LiveMerge<Item>): void {
    const found = this.#names.matchingNow();
    if (found === undefined) return;
    const names = new Set(found.map(nameOf));
    for (const [name, log] of this.#members) {
      if (log?.isEnded ?? !names.has(name)) this.#forget(name, log);
    }
    for (const target of found) {
      if (this.#members.has(nameOf(target))) continue;
      const count = names.size;
      const log = new TailedLog(target, { ...this.#options, count, isMember: true });
      try {
        log.openNew();
        this.#members.set(log.name, log);
        this.all.push(log);
        merge.add(log);
      } catch (error) {
        if (!(error instanceof OuroborosError)) throw error;
        log.close();
        if (!isShortOfDescriptors(error)) {
          this.#members.set(log.name, undefined);
          warn(`${log.name}: ${explain(error)}`);
        } else if (!this.#isShort) {
          // It is tried again at each look: another log may have gone.
          this.#isShort = true;
          warn(tooMany(this.all.length, count, error).message);
        }
      }
    }
  }

  #refuse(log: TailedLog, error: OuroborosError): void {
    log.close();
    this.#members.set(log.name, undefined);
    this.all.splice(this.all.indexOf(log), 1);
    warn(`${log.name}: ${explain(error)}`);
  }

  #forget(name: string, log: TailedLog | undefined): void {
    this.#members.delete(name);
    if (log === undefined) return;
    log.close();
    this.all.splice(this.all.indexOf(log), 1);
  }
}

function tooMany(open: number, count: number, cause: SystemCallError): SystemCallError {
  cause.message = `only ${open} of ${count} logs can be open at once: raise the limit of open ` +
    `files (ulimit -n), or name fewer logs`;
  return cause;
}
