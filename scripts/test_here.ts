/**
 * Runs the same test files on every runtime, folder by folder, and adds up what they say.
 *
 * `[--quick] [RUNTIME…] [FILTER…]`: runtimes are deno, bun, node22, node24, node26 (default: all but
 * node22, which gets its sources lowered); a filter is a part of a test file's path. If nothing is said,
 * what is the same on every runtime runs on some of them only: see LEFT_OUT. `--quick` is the daily
 * loop: one runtime, without what takes long.
 */

import os from "node:os";
import process from "node:process";
import {
  finish,
  names,
  numbersOf,
  parseArguments,
  type Result,
  runQuietly,
  sumOf,
  testFiles,
} from "./run_tests.ts";
import { installedRuntimes, root, type Runtime } from "./runtimes.ts";

/** What a folder of tests, or a part of it, is to one runtime. */
interface Job {
  runtime: Runtime;
  folder: string;
  files: string[];
}

/** Files that tell nothing new on some runtimes: left out there if nothing is said. */
interface LeftOut {
  files: RegExp;
  /** Where they are left out, if `by` is here. */
  on: Runtime["name"][];
  /** What runs them in its place. */
  by: Runtime["name"];
  /** What they are, and why that is enough. */
  what: string;
}

const LEFT_OUT: readonly LeftOut[] = [
  {
    files: new RegExp(
      "test/(records/|scripts/|docs|guide_questions|" +
        "serve/(entry_filter|page|ring_picture|sampling|watcher)|ship/(?!nats/(connect|" +
        "forward.test|forward_command|forward_state|receive.test|receive_cli|receive_into)|" +
        "otlp/(forward.test|guide|tls)|state_file))",
    ),
    on: ["deno", "node24", "node26"],
    by: "bun",
    what: "calculations, texts, and the order of messages on a network",
  },
  {
    files: new RegExp(
      "test/cli/(columns|completions|entry_look|events|generate|grammar|help|hostile_text|json|merge|" +
        "moment|patterns|pretty|replay|save|selection|sizes|stat|tail_(context|counts|fields|order|" +
        "questions|received|records)|trace|usage)\\.",
    ),
    on: ["deno", "node24", "node26"],
    by: "bun",
    what: "what commands print (cli/every_command.test.ts runs each command on all)",
  },
  {
    files: new RegExp(
      "test/(log/|circular/(begun|closed|fixtures|hostile|interleaving|mutants|random)|" +
        "events/(fixtures|hostile|log|ring)\\.|ring/(kill_points|ring)\\.)",
    ),
    on: ["deno", "node24"],
    by: "node26",
    what: "algorithms on plain memory (Bun, the other engine, runs them, too)",
  },
  {
    files: /test\/logger\/(differential|events_and_context|in_place|scenarios|types)\./,
    on: ["deno"],
    by: "node26",
    what: "the bytes of a logger's lines (Bun, the other engine, makes them, too)",
  },
  {
    files:
      /test\/((log|circular)\/(interleaving|lives|mutants|reference_order)|conformance\/slots)\./,
    on: ["deno", "node24", "node26"],
    by: "bun",
    what: "orders of stores, tried one by one, and slots, in which all runtimes take part",
  },
  {
    files: /test\/conformance\/(contention|creation)\./,
    on: ["deno", "node24"],
    by: "node26",
    what:
      "what a process sees of another one that creates a log, which the system decides (Bun tries it, too)",
  },
  {
    files: /test\/conformance\/(crash|evaluations|on_abandoned|strangers|version2)\./,
    on: ["node24"],
    by: "node26",
    what: "what the system does with processes and files, which is the same for both",
  },
  {
    files: /test\/(\w+\.test\.ts|(cli|logger|misuse|model|recorder|serve|sinks|ship)\/)/,
    on: ["node24"],
    by: "node26",
    what: "what does not see the driver of native memory, in which the two differ",
  },
];
/** What runs the single tests that tell the same on all, see `sameOnAll` of test/support/runtime.ts. */
const SAME_ON_ALL = "bun";
/**
 * How often random tests try, and how often processes are killed, in a whole run, in which several
 * runtimes do it with new seeds each time. What the environment says comes first; on one runtime, and
 * in `deno task ok`, they try as often as their files say.
 */
const ROUNDS = {
  HOSTILE_RUNS: "2000",
  HOSTILE_FILES: "400",
  RANDOM_RUNS: "300",
  DIFFERENTIAL_RUNS: "100",
  INTERLEAVING_RUNS: "8",
  LOOK_RUNS: "30",
  CREATION_ROUNDS: "20",
  CONTENTION_ROUNDS: "12",
  KILLS: "4",
  RESOURCES: "1000",
  // A worker takes as long as a hundred logs; a leak of twenty descriptors is found.
  WORKERS: "30",
};
/** What takes long begins first, the longest before all: so no lane has work alone at the end. */
const LONGEST = [
  ...["cli", "log", "serve", "recorder", "ship", "resources", "model", "conformance", "sinks"],
  ...["ffi", "logger", "events", "circular", "torture", "scripts"],
];
/** How many files one process has at most: a folder of more is done in parts, side by side. */
const MOST_FILES = 16;
/** For one folder on one runtime, in milliseconds: what hangs must not hang all. */
const TIMEOUT = 1_200_000;

/** What the daily loop leaves out: servers, browsers, many processes, long random runs. */
const NOT_QUICK = new RegExp(
  "test/((ship|model|torture|resources|scripts)/|docs|guide_questions|" +
    "conformance/(contention|creation|crash|evaluations|on_abandoned|bundles|hostile|pairs|slots)|" +
    "log/(forged|hostile|interleaving|lives|reference_order|random|mutants)|" +
    "recorder/(hard_ends|register|terminal)|sinks/(crash|watchdog)|serve/(command|report)|" +
    "cli/(compressed|generate|grep|hostile_text|many_logs|output_end|patterns|record_compressed|" +
    "replay|strangers|tail_cursor|tail_order|tail_restart|top|watch|write))",
);

const isQuick = process.argv.includes("--quick");
if (isQuick) process.argv.splice(process.argv.indexOf("--quick"), 1);
const { wanted, filters } = parseArguments();
if (isQuick && wanted.length === 0) wanted.push("bun");
const isWhole = wanted.length + filters.length === 0;
const files = testFiles(root, filters);
if (files.length === 0) {
  console.error(`no test file matches ${filters.join(", ")}`);
  process.exit(2);
}

const all = installedRuntimes();
const runtimes = all.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const env = {
  ...(isWhole || isQuick) && process.env.ROUNDS !== "all" && ROUNDS,
  ...process.env,
  DENO: all.find(({ name }) => name === "deno")?.path ?? "deno",
};
const leaving = isWhole && runtimes.some(({ name }) => name === SAME_ON_ALL)
  ? { ...env, LEFT_TO: SAME_ON_ALL }
  : env;
const folders = Map.groupBy(
  files,
  (file) => file.split("/").length > 3 ? file.split("/")[2] : "test",
);
const waiting: Job[] = [...folders]
  .sort(([a], [b]) => place(a) - place(b))
  .flatMap(([folder, files]) => runtimes.flatMap((runtime) => jobsOf(runtime, folder, files)));

const results: (Result & { runtime: Runtime })[] = [];
const start = Date.now();
const count = waiting.length;
console.log(
  `${files.length} test files on ${runtimes.map(({ title }) => title).join(", ")}: ${count} steps`,
);
// More than there are cores: tests wait for processes and timers half of the time. With one more, two
// cores did nothing for a seventh of the time.
const lanes = Math.min(os.availableParallelism() + 2, 4);
await Promise.all(Array.from({ length: lanes }, async () => {
  for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
    const { runtime, folder, files } = job;
    const result = await runQuietly(runtime, files, {
      folder: root,
      env: runtime.name === SAME_ON_ALL ? env : leaving,
      timeout: TIMEOUT,
    });
    results.push({ ...result, runtime });
    const seconds = Math.round((Date.now() - start) / 1000);
    const step = `${results.length}/${count}`.padStart(7);
    console.log(
      `${step} ${`${seconds} s`.padStart(6)}  ${runtime.title}, ${folder}: ${numbersOf(result)}`,
    );
  }
}));

console.log("");
const sums = runtimes.map((runtime) =>
  sumOf(runtime.title, results.filter((result) => result.runtime === runtime))
);
for (const sum of sums) console.log(`${sum.title.padEnd(14)} ${numbersOf(sum)}`);
sayWhatWasLeftOut(sums);
finish(sums);

/** The files of a folder that a runtime runs, in parts of about the same length. */
function jobsOf(runtime: Runtime, folder: string, all: readonly string[]): Job[] {
  const files = all.filter((file) =>
    !(isWhole && LEFT_OUT.some((left) => isLeftOut(file, runtime, left))) &&
    !(isQuick && NOT_QUICK.test(file))
  );
  const count = Math.ceil(files.length / MOST_FILES);
  return Array.from({ length: count }, (_, part) => ({
    runtime,
    folder: count === 1 ? folder : `${folder} ${part + 1}/${count}`,
    files: files.filter((_, i) => i % count === part),
  }));
}

function isLeftOut(file: string, runtime: Runtime, { files, on, by }: LeftOut): boolean {
  return on.includes(runtime.name) && files.test(file) && runtimes.some(({ name }) => name === by);
}

function place(folder: string): number {
  const at = LONGEST.indexOf(folder);
  return at < 0 ? LONGEST.length : at;
}

/** Skipped tests with their reasons, and what did not run at all. */
function sayWhatWasLeftOut(sums: readonly Result[]): void {
  const [{ reasons }] = sums.map(({ reasons = new Map<string, number>() }) => ({ reasons }))
    .sort((a, b) => b.reasons.size - a.reasons.size);
  if (reasons.size > 0) console.log("\nskipped, as Node says (the others give no reasons):");
  for (const [reason, count] of [...reasons].sort(([, a], [, b]) => b - a)) {
    console.log(`${String(count).padStart(6)}  ${reason}`);
  }
  if (isWhole) {
    console.log("");
    for (const left of LEFT_OUT) {
      const where = runtimes.filter((runtime) =>
        files.some((file) => isLeftOut(file, runtime, left))
      );
      if (where.length === 0) continue;
      const titles = where.map(({ title }) => title).join(", ");
      const count = files.filter((file) => left.files.test(file)).length;
      const by = runtimes.find(({ name }) => name === left.by)?.title;
      console.log(`left to ${by} by ${titles}: ${count} files: ${left.what}`);
    }
    console.log("all on one runtime: deno task test deno (or bun, node24, node26)");
    const rounds = Object.entries(ROUNDS).map(([name, value]) => `${name}=${value}`).join(" ");
    console.log(`as often as the files say: ROUNDS=all deno task test; here ${rounds}`);
  }
  if (isQuick) console.log("the rest, and the other runtimes: deno task test");
  // Node 22 is asked for by its name.
  const expected = wanted.length === 0 ? names.filter((name) => name !== "node22") : wanted;
  for (const name of expected) {
    if (!runtimes.some((runtime) => runtime.name === name)) {
      console.log(`${name}: not installed here: deno install`);
    }
  }
}
