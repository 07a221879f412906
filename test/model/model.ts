/**
 * What of the protocol is checked with `log.pml`: the shapes in which it must hold, and the mutants
 * that must not pass. It takes `spin` and a C compiler.
 */

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A run of the model. */
export interface Run {
  /** What it is about. */
  title: string;
  /** The names and numbers that `log.pml` is compiled with. */
  define: Record<string, number | true>;
}

/** A wrong writer, reader or resumption. */
export interface Mutant extends Run {
  /** The name in `log.pml`. */
  name: string;
}

/** What a run found. */
export interface Outcome {
  /** How many states were explored. */
  states: number;
  /** The property that was violated; undefined if all hold. */
  violated: string | undefined;
  /** How long the search took, in seconds. */
  seconds: number;
}

const ONE_CHUNK = { ROWS: 1, WORDS: 3, LONGEST: 2, BATCHES: 0 };
const TWO_CHUNKS = { ROWS: 2, WORDS: 5, LONGEST: 2, BATCHES: 0 };
const THREE_CHUNKS = { ROWS: 3, WORDS: 6, LONGEST: 5, BATCHES: 0 };
const TSO = { QUEUE: 2 };
const WEAK = { WEAK: true, QUEUE: 3 } as const;
const NO_KILL = { CRASHES: 0 };

/** Of version 2: restarted in place. */
const RESTARTED = { RESTARTS: 1 };
const FINISHED = { FINISHES: 1 };

/** Shapes that take seconds. */
export const SMALL_SHAPES: Run[] = [
  {
    title: "TSO: two chunks, a batch",
    define: { ...TSO, ...TWO_CHUNKS, ...NO_KILL, BATCHES: 1 },
  },
  { title: "TSO: one chunk, the writer killed once", define: { ...TSO, ...ONE_CHUNK } },
  {
    title: "weak: two chunks, three entries, the writer killed once",
    define: { ...WEAK, ...TWO_CHUNKS, ENTRIES: 3 },
  },
  {
    title: "TSO: version 2, two chunks, finished",
    define: { ...TSO, ...TWO_CHUNKS, ...NO_KILL, ...FINISHED },
  },
  {
    title: "TSO: version 2, one chunk, finished and restarted",
    define: { ...TSO, ...ONE_CHUNK, ...NO_KILL, ...FINISHED, ...RESTARTED, ENTRIES: 2 },
  },
];

/** Shapes that take minutes. */
export const LARGE_SHAPES: Run[] = [
  { title: "TSO: two chunks, the writer killed once", define: { ...TSO, ...TWO_CHUNKS } },
  { title: "weak: two chunks", define: { ...WEAK, ...TWO_CHUNKS, ...NO_KILL } },
  {
    title: "TSO: two chunks, the writer killed twice",
    define: { ...TSO, ...TWO_CHUNKS, CRASHES: 2 },
  },
  {
    title: "TSO: two chunks, two batches, longer entries",
    define: { ...TSO, ...TWO_CHUNKS, ...NO_KILL, LONGEST: 3, BATCHES: 2 },
  },
  {
    title: "TSO: two chunks, a batch, the writer killed once",
    define: { ...TSO, ...TWO_CHUNKS, BATCHES: 1 },
  },
  {
    title: "TSO: two chunks, three longer entries, two claims aborted",
    define: { ...TSO, ...TWO_CHUNKS, ...NO_KILL, LONGEST: 3, ABORTS: 2, ENTRIES: 3 },
  },
  {
    title: "TSO: two chunks, longer entries, a claim aborted",
    define: { ...TSO, ...TWO_CHUNKS, ...NO_KILL, LONGEST: 3, ABORTS: 1 },
  },
  {
    title: "TSO: three chunks, an entry over several",
    define: { ...TSO, ...THREE_CHUNKS, ...NO_KILL },
  },
  {
    title: "weak: two chunks, five entries",
    define: { ...WEAK, ...TWO_CHUNKS, ...NO_KILL, ENTRIES: 5 },
  },
  {
    title: "weak: two chunks, a batch",
    define: { ...WEAK, ...TWO_CHUNKS, ...NO_KILL, BATCHES: 1 },
  },
  { title: "weak: one chunk, the writer killed once", define: { ...WEAK, ...ONE_CHUNK } },
  {
    title: "TSO: version 2, one chunk, finished and restarted, killed once",
    define: { ...TSO, ...ONE_CHUNK, ...FINISHED, ...RESTARTED, ENTRIES: 2 },
  },
  {
    title: "TSO: version 2, two chunks, restarted",
    define: { ...TSO, ...TWO_CHUNKS, ...NO_KILL, ...RESTARTED, ENTRIES: 3 },
  },
  {
    title: "TSO: version 2, two chunks, restarted, killed once",
    define: { ...TSO, ...TWO_CHUNKS, ...RESTARTED, ENTRIES: 2 },
  },
  {
    title: "TSO: version 2, two chunks, finished and restarted",
    define: { ...TSO, ...TWO_CHUNKS, ...NO_KILL, ...FINISHED, ...RESTARTED, ENTRIES: 2 },
  },
  {
    title: "weak: version 2, one chunk, finished and restarted",
    define: { ...WEAK, ...ONE_CHUNK, ...NO_KILL, ...FINISHED, ...RESTARTED, ENTRIES: 2 },
  },
  {
    title: "weak: two chunks, a claim aborted",
    define: { ...WEAK, ...TWO_CHUNKS, ...NO_KILL, ABORTS: 1 },
  },
];

const killed = { ...TSO, ...TWO_CHUNKS };
const weak = { ...WEAK, ...TWO_CHUNKS, ...NO_KILL };
const restarted = { ...TSO, ...ONE_CHUNK, ...NO_KILL, ...RESTARTED, ENTRIES: 3 };

/** Each must violate a property. */
export const MUTANTS: Mutant[] = [
  // The writer.
  mutant("TOKEN_BEFORE_FLAG", "a row gets its token before its flag is taken back (reference)"),
  mutant("FLAG_NOT_TAKEN_BACK", "a row's flag is never taken back"),
  mutant("ROW_AFTER_ENTRY", "a row is committed after its first entry (reference)"),
  mutant("TOKEN_AFTER_COMMIT", "a row is committed before its token"),
  mutant("OLD_FIRST_HEADER", "a row is committed while the old entry's header is still there"),
  mutant("NO_INVALIDATION", "rows of overtaken chunks stay"),
  mutant("INVALIDATION_AFTER_BYTES", "rows are taken back after their bytes are overwritten"),
  mutant("ONE_INVALIDATION", "of several overtaken rows one is taken back (reference)", {
    ...TSO,
    ...THREE_CHUNKS,
    ...NO_KILL,
  }),
  mutant(
    "NEXT_HEADER_NOT_COUNTED",
    "the header after an entry is not counted, and a reader needs it (reference)",
  ),
  mutant("NO_NEXT_HEADER", "the header after an entry is not zeroed"),
  mutant("COMMIT_BEFORE_PAYLOAD", "an entry is committed before its payload"),
  mutant("BATCH_HEAD_FIRST", "a batch's first entry is committed first", {
    ...TSO,
    ...TWO_CHUNKS,
    ...NO_KILL,
    BATCHES: 1,
  }),
  mutant("NO_WRAP_MARK", "a lap ends without a mark, and a reader needs one (reference)"),
  // In so small a log the row would be gone by the next entry: here rows are taken back one later.
  mutant("EMPTY_CHUNK_KEPT", "a chunk that stayed empty keeps its row at the wrap", {
    ...TSO,
    ...TWO_CHUNKS,
    LONGEST: 3,
    ABORTS: 1,
    NEXT_ROW_LATE: true,
  }),
  mutant("NO_FENCE_AFTER_INVALIDATION", "no fence between rows and bytes", {
    ...weak,
    ENTRIES: 5,
  }),
  mutant("ENTRY_NOT_RELEASED", "an entry is committed by a plain store", weak),
  mutant("ROW_NOT_RELEASED", "a row is committed by a plain store", weak),
  // The resumption.
  mutant("NO_RESTART_MARK", "row 0 does not keep the count while it is restarted (reference)", {
    ...TSO,
    ...ONE_CHUNK,
  }),
  mutant("RESUME_IGNORES_MARK", "a resumed writer does not look at that mark", {
    ...TSO,
    ...ONE_CHUNK,
  }),
  mutant("RESUME_COUNTS_NO_ENTRIES", "a resumed writer goes on from the newest token"),
  // The restart in place.
  mutant("SAME_ID", "a restarted log keeps its id", restarted),
  mutant("ID_FIRST", "the id changes before the rows are invalid", restarted),
  mutant("ID_LAST", "the id changes after row 0 is committed", restarted),
  mutant(
    "TOKEN_BEFORE_ID",
    "row 0 gets token 0 before the id changes, and is looked at once",
    restarted,
  ),
  mutant("RENEWAL_KEEPS_HEADER", "the first header stays", restarted),
  mutant("RENEWAL_KEEPS_ROWS", "only row 0 is made invalid", {
    ...TSO,
    ...TWO_CHUNKS,
    ...NO_KILL,
    ...RESTARTED,
    ENTRIES: 3,
  }),
  mutant("NO_RENEWAL_MARK", "row 0 does not say that the log is being restarted", {
    ...restarted,
    CRASHES: 1,
  }),
  // The reader.
  mutant("NO_ID_CHECK", "a reader does not look at the id", restarted),
  mutant("ID_BEFORE_ROW", "a reader looks at the id before the row", restarted),
  mutant("NO_CHECK_AFTER_COPY", "the row is not checked after the copy"),
  mutant("NO_CHECK_WHERE_NOTHING", "the row is not checked where there is no entry"),
  mutant("NO_SECOND_LOOK", "a reader skips to a later chunk without another look where it is"),
  mutant("SKIP_TO_NEWEST", "a reader skips to the newest chunk, not to the next one", {
    ...TSO,
    ...THREE_CHUNKS,
    ...NO_KILL,
    LONGEST: 2,
    ENTRIES: 5,
  }),
  mutant("SKIP_UNCOMMITTED", "a reader skips to a chunk whose row is not committed"),
  mutant("NO_CHECK_BEFORE_SKIP", "a reader skips without a look at its row", {
    ...TSO,
    ...TWO_CHUNKS,
    ...NO_KILL,
    ...RESTARTED,
    ABORTS: 1,
    ENTRIES: 3,
  }),
  mutant("CHECK_WITHOUT_TOKEN", "the check looks at the offset only", { ...TSO, ...ONE_CHUNK }),
  mutant("CHECK_OF_TOKEN_ONLY", "the check looks at the token only", weak),
  mutant("ROW_READ_ONCE", "offset and token of a row are read without a second look"),
  mutant("NO_FENCE_IN_ROW", "no fences between offset, token and second look", weak),
  mutant("ANY_ROW_ZERO", "a reader goes on in chunk 0 whatever its token"),
  mutant("NUMBERS_AGAIN", "after a jump, entries are not skipped up to the last number"),
  mutant("NO_FENCE_BEFORE_CHECK", "no fence between the copy and the check", weak),
  mutant("NO_FENCE_AFTER_HEADERS", "no fence between headers and payloads", weak),
];

/** Mutants that are caught within a second or two, of each kind. */
export const QUICK_MUTANTS: string[] = [
  "TOKEN_BEFORE_FLAG",
  "FLAG_NOT_TAKEN_BACK",
  "OLD_FIRST_HEADER",
  "NO_INVALIDATION",
  "NO_NEXT_HEADER",
  "COMMIT_BEFORE_PAYLOAD",
  "BATCH_HEAD_FIRST",
  "ENTRY_NOT_RELEASED",
  "ROW_NOT_RELEASED",
  "NO_RESTART_MARK",
  "NO_CHECK_AFTER_COPY",
  "NO_FENCE_BEFORE_CHECK",
  "SAME_ID",
  "ID_LAST",
  "TOKEN_BEFORE_ID",
  "NO_ID_CHECK",
  "ID_BEFORE_ROW",
];

function mutant(name: string, title: string, define: Run["define"] = killed): Mutant {
  return { name, title, define: { ...define, [name]: true } };
}

/** What is missing to check the model; undefined if nothing is. */
export function whatIsMissing(): string | undefined {
  if (spawnSync("spin", ["-V"]).status !== 0) {
    return "spin is not installed (Debian: apt install spin)";
  }
  if (spawnSync("gcc", ["--version"]).status !== 0) return "gcc is not installed";
  return undefined;
}

const MODEL = fileURLToPath(new URL("log.pml", import.meta.url));
/** How much memory one search may take, in MiB. */
const MEMORY = 10_000;

/**
 * Explores all states of a run, or as many as it takes to violate a property. What is searched for a
 * few seconds is better not optimized: that takes longer.
 */
export async function check(run: Run, optimization: "-O0" | "-O2" = "-O0"): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-model-"));
  try {
    const defines = Object.entries(run.define)
      .map(([name, value]) => `-D${name}${value === true ? "" : `=${value}`}`);
    await call("spin", ["-a", ...defines, MODEL], folder);
    const options = [optimization, "-w", "-DSAFETY", "-DNOFAIR", `-DMEMLIM=${MEMORY}`];
    await call("gcc", [...options, "-o", "pan", "pan.c"], folder);
    // A reader may be left waiting on a path that is given up: that is no deadlock (-E).
    const output = await call(join(folder, "pan"), ["-E", "-m1000000"], folder);
    const violated = /assertion violated (\w+)/.exec(output)?.[1];
    const isComplete = /errors: 0/.test(output) &&
      !/Search not completed|max search depth/.test(output);
    if (violated === undefined && !isComplete) {
      throw new Error(`the search was not completed:\n${output}`);
    }
    return {
      states: Number(/(\S+) states, stored/.exec(output)?.[1]),
      violated,
      seconds: Number(/elapsed time (\S+) s/.exec(output)?.[1]),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function call(command: string, args: string[], folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (data) => output += data);
    child.stderr.on("data", (data) => output += data);
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ended with ${code}:\n${output}`));
    });
  });
}

/** Calls `work` for each of `items`, `width` at a time, in order. */
export async function forEachOf<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < items.length) await work(items[next++]);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
