/** Files as a source of entries: what a server does for a log that is live, done here. */

import { EntryFilter } from "../entry_filter.ts";
import type { Found } from "../find_entries.ts";
import type { LogSummary } from "../messages.ts";
import { numberIn } from "../place.ts";
import type { EntriesAtOnce } from "../quick_look.ts";
import type { EntryRow } from "../messages.ts";
import type { DecodedEntry } from "../row.ts";
import { RowFinder } from "../row_finder.ts";
import { type Timeline, TimelineFinder } from "../timeline.ts";
import { type LogLevel, toLevel } from "../../../records/level.ts";
import type { Answer } from "./ask.ts";
import type { SavedFile } from "./saved_file.ts";
import type { ConnectionState, Handlers, Request, Shown, Source } from "./source.ts";

/** How long the page does nothing else, in milliseconds. */
const SLICE = 12;
/** How many rows are shown: the last ones, and how many characters they have. */
export const MOST_ROWS = 200_000;
export const MOST_CHARACTERS = 200_000_000;
/** How the segment of a file is called. */
const SEGMENT = "saved";

/** A log in the list: a file, or one of the logs in it. */
interface Part {
  file: SavedFile;
  source?: string;
}

/** What finds the closing entries of `run` and `watch`. */
const ENDING = "logger:=ouroboros.run OR logger:=ouroboros.watch";

/** An entry that says how a program ended, or that a log stood still. */
export interface Ending {
  log: string;
  seq: number;
  text: string;
  source: string | undefined;
}

/** Entries of files. */
export class SavedSource implements Source {
  readonly #parts = new Map<string, Part>();
  readonly #logs: LogSummary[] = [];
  readonly #handlers: Handlers;
  readonly #onState: (state: ConnectionState) => void;
  #asked = "";
  #searching: AbortController | undefined;

  /** Gives what is in `files` to `handlers`. */
  constructor(
    files: readonly SavedFile[],
    handlers: Handlers,
    onState: (state: ConnectionState) => void,
  ) {
    this.#handlers = handlers;
    this.#onState = onState;
    for (const file of files) {
      const { sources, entries } = file;
      const name = this.#add(file.name, { file });
      const isGroup = sources.size > 1;
      this.#logs.push({ ...SAVED, name, entries, ...isGroup && { parts: sources.size } });
      if (!isGroup) continue;
      for (const source of [...sources.keys()].sort()) {
        const part = this.#add(source, { file, source });
        this.#logs.push({ ...SAVED, name: part, entries: sources.get(source)!, isPart: true });
      }
    }
  }

  /** Asks for entries. */
  open(request: Request): void {
    const { log, where, level, span } = request;
    const asked = JSON.stringify([log, where, level, span]);
    // Nothing comes to what is there.
    if (asked === this.#asked && numberIn(SEGMENT, request.after) > 0) return;
    this.close();
    this.#asked = asked;
    const name = log !== undefined && this.#parts.has(log) ? log : this.#logs[0].name;
    // Not before the page has done what it is at.
    const searching = this.#searching = new AbortController();
    queueMicrotask(() => {
      if (searching.signal.aborted) return;
      this.#onState("open");
      this.#handlers.hello({ version: "", log: name, mostEntries: Infinity });
      this.#handlers.logs(this.#logs);
      const part = this.#parts.get(name)!;
      const { missing } = part.file;
      this.#handlers.state({
        state: "live",
        isSaved: true,
        ...missing !== undefined && { missing },
        segment: SEGMENT,
      });
      void this.#search(part, request, searching.signal);
    });
  }

  /** Ends a search. */
  close(): void {
    this.#searching?.abort();
    this.#searching = undefined;
  }

  /** How entries spread over time. */
  async timeline(
    { log, where, level }: Shown,
    signal: AbortSignal,
  ): Promise<Answer<Timeline> | undefined> {
    const part = this.#parts.get(log);
    if (part === undefined) return undefined;
    const { file, source } = part;
    const filter = new EntryFilter({ where, level: levelOf(level), log: file.name });
    const finder = new TimelineFinder(filter, file.entries, file.sourceOf, source);
    await inSlices(file.batches, signal, (batch) => finder.take(batch, 0, batch.length));
    return signal.aborted ? undefined : { found: finder.timeline() };
  }

  /** What the files say about how programs ended. */
  async endings(): Promise<Ending[]> {
    const found: Ending[] = [];
    // Nobody stops it: it ends soon.
    const { signal } = new AbortController();
    for (const [log, { file, source }] of this.#parts) {
      if (source !== undefined) continue;
      const { sourceOf } = file;
      const filter = new EntryFilter({ where: ENDING, log: file.name });
      const finder = new RowFinder({ filter, sourceOf, rowOf });
      const keep = (rows: EntryRow[]) => {
        for (const [seq, text, , from] of rows) found.push({ log, seq, text, source: from });
      };
      await inSlices(file.batches, signal, (batch) => keep(finder.find(batch, 0, batch.length)));
      keep(finder.rest());
    }
    return found;
  }

  /** Links lead to entries that are all here. */
  around(): Promise<Answer<Found> | undefined> {
    return Promise.resolve(undefined);
  }

  #add(name: string, part: Part): string {
    let unique = name;
    for (let n = 2; this.#parts.has(unique); n++) unique = `${name} (${n})`;
    this.#parts.set(unique, part);
    return unique;
  }

  async #search(part: Part, { where, level, span }: Request, signal: AbortSignal): Promise<void> {
    const { file } = part;
    const filter = new EntryFilter({
      where,
      level: levelOf(level),
      since: span?.from,
      until: span?.to,
      log: file.name,
    });
    const { sourceOf } = file;
    const finder = new RowFinder({ filter, sourceOf, rowOf });
    const found: EntryRow[][] = [];
    let matched = 0;
    const keep = (rows: EntryRow[]) => {
      const own = part.source === undefined
        ? rows
        : rows.filter(([, , , source]) => source === part.source);
      matched += own.length;
      if (own.length > 0) found.push(own);
    };
    await inSlices(file.batches, signal, (batch) => {
      keep(finder.find(batch, 0, batch.length));
    }, (done) => this.#handlers.progress({ done }));
    if (signal.aborted) return;
    keep(finder.rest());
    const rows = found.flat();
    const left = Math.max(rows.length - MOST_ROWS, 0);
    this.#handlers.entries({ rows: left > 0 ? rows.slice(left) : rows, left, isPast: true });
    const { entries, lost } = file;
    this.#handlers.stats({
      time: Date.now(),
      entries,
      bytes: 0,
      last: entries,
      lost,
      examined: entries,
      matched,
      sent: rows.length,
      dropped: 0,
    });
  }
}

const SAVED = { size: 0, isThere: true, isWriterAlive: false, isFinished: true } as const;

function levelOf(level: string): LogLevel | undefined {
  return level === "" ? undefined : toLevel(level);
}

function rowOf({ number, text, source }: DecodedEntry): EntryRow {
  return source === undefined ? [number, text] : [number, text, null, source];
}

/** Looks at one batch after another, and lets the page do other things meanwhile. */
async function inSlices(
  batches: readonly EntriesAtOnce[],
  signal: AbortSignal,
  look: (batch: EntriesAtOnce) => void,
  onProgress?: (done: number) => void,
): Promise<void> {
  let end = performance.now() + SLICE;
  for (const [index, batch] of batches.entries()) {
    look(batch);
    if (performance.now() < end) continue;
    onProgress?.(index / batches.length);
    await new Promise<void>((resolve) => setTimeout(resolve));
    if (signal.aborted) return;
    end = performance.now() + SLICE;
  }
}
