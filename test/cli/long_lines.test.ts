/** Lines that `run` records in several entries: all that ask questions ask them as a whole. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { LogSet, ShmLogReader } from "../../mod.ts";
import { TOOLS } from "../../src/cli/mcp/tools.ts";
import { Catalog } from "../../src/cli/serve/catalog.ts";
import { EntryFilter } from "../../src/cli/serve/entry_filter.ts";
import { findEntries, type Which } from "../../src/cli/serve/find_entries.ts";
import { findTimeline } from "../../src/cli/serve/find_timeline.ts";
import { parseCondition } from "../../src/recorder/conditions.ts";
import { lastError } from "../../src/recorder/last_error.ts";
import { watchLogs } from "../../src/recorder/watch_logs.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";
import { Forwarding } from "../../src/ship/forwarding.ts";
import { runCli, runHere, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { lastingLog } from "../support/lasting.ts";
import { MemoryCarrier, MemoryStore } from "../support/memory_carrier.ts";
import { needsSignals } from "../support/platform.ts";

const folder = testFolder("long-lines");
const options = { skip: needsSignals };

/** A line of so many characters, with all that is asked for behind them. */
const long = (size: number, fields: object) =>
  JSON.stringify({ pad: "x".repeat(size), ...fields }) + "\n";
const small = (n: number) => JSON.stringify({ level: "info", status: 200, n, msg: "small" }) + "\n";
const BIG = long(100_000, { level: "error", status: 599, n: 2, msg: "L100000" });
const BIGGER = long(300_000, { level: "error", status: 599, n: 4, msg: "L300000" });
writeFileSync(`${folder}/out`, small(1) + BIG + small(3) + BIGGER + small(5));

const log = lastingLog("long");
test.after(() => log[Symbol.dispose]());
if (!needsSignals) {
  const run = ["run", "-q", "--log", log.name, "--size", "4MiB", "--", "cat", `${folder}/out`];
  assert.equal(runCli(run).code, 0);
}

/** The texts of a log, each with its number. */
function entriesOf(path: string): { number: number; text: string }[] {
  using reader = ShmLogReader.open({ path }, { strategy: "oldest" });
  return [...reader].map(({ sequenceNumber: number, text }) => ({ number, text }));
}

/** What a program has printed, from entries of lines. */
function printed(texts: readonly string[]): string {
  return texts.map((text) => text.slice(40) + (text[38] === "F" ? "\n" : "")).join("");
}

test("save keeps all of a line that matches at its end, and nothing of one that does not", {
  ...options,
}, async () => {
  const path = `${folder}/saved.log`;
  const cases: [question: string, lines: string, entries: number][] = [
    ["level:error", BIG + BIGGER, 7],
    ["status:599", BIG + BIGGER, 7],
    ["L300000", BIGGER, 5],
    ["NOT level:error AND n:*", small(1) + small(3) + small(5), 3],
  ];
  for (const [question, lines, entries] of cases) {
    const { code, stderr } = await runHere(
      ...["save", log.name, path, "--force", "--where", question],
    );
    assert.equal(code, 0, stderr);
    assert.match(stderr, new RegExp(`^ouroboros: ${entries} entries of 1 log,`), question);
    assert.equal(printed(entriesOf(path).map(({ text }) => text)), lines, question);
  }
});

test("export finds a line by its end, as one moment and in the page", options, async () => {
  const path = `${folder}/trace.json`;
  const trace = ["export", log.name, "--trace", path, "--force"];
  const { stderr } = await runHere(...trace, "--where", "status:599");
  assert.match(stderr, /\nouroboros: 2 entries\n$/);
  const { traceEvents } = JSON.parse(readFileSync(path, "utf8"));
  // deno-lint-ignore no-explicit-any
  const moments = traceEvents.filter((event: any) => event.ph === "i");
  // deno-lint-ignore no-explicit-any
  assert.deepEqual(moments.map(({ name }: any) => name), ["L100000", "L300000"]);
  const page = await runHere(
    ...["export", log.name, "--html", `${folder}/page.html`, "-p", "error"],
  );
  assert.match(page.stderr, /^ouroboros: 7 entries of 1 log,/);
});

test("record writes all of a line that matches, and nothing of one that does not", {
  ...options,
}, async () => {
  const path = `${folder}/recorded.txt`;
  const record = ["record", log.name, path, "--where", "L300000"];
  const running = startCli([...record, "--state", `${folder}/recorded.place`]);
  while (!existsSync(path) || !readFileSync(path, "utf8").includes("L300000")) await sleep(20);
  running.signal("SIGINT");
  const { code, stderr } = await running.ended();
  assert.deepEqual([code, stderr], [0, "ouroboros: 5 entries recorded, 0 lost\n"]);
  assert.equal(printed(readFileSync(path, "utf8").split("\n").slice(0, -1)), BIGGER);
});

test("dump prints a line whole if it matches", options, () => {
  const dump = ["dump", "--name", log.name, "--output", "-", "--where", "L100000"];
  const { stdout, stderr } = runCli(dump);
  assert.equal(stderr, "ouroboros: 1 entry\n");
  assert.equal(printed([stdout.slice(0, -1)]), BIG);
});

test("forward sends all parts of a line that matches, and counts those of others as left out", {
  ...options,
}, async () => {
  using reader = ShmLogReader.open(log.target, { strategy: "oldest" });
  const store = new MemoryStore();
  const forwarding = await Forwarding.start(reader, {
    select(bytes) {
      const text = new TextDecoder().decode(bytes);
      return recognizeRecord(text)?.fields.n === 4;
    },
  }, new MemoryCarrier(store));
  await forwarding.flush();
  const { acknowledged, filtered, gaps } = await forwarding.close();
  const sent = store.messages.filter(({ reason }) => reason === undefined);
  const decoder = new TextDecoder();
  assert.equal(printed(sent.map(({ bytes }) => decoder.decode(bytes))), BIGGER);
  assert.deepEqual(sent.map(({ from, filtered }) => [from, filtered]), [
    [5, 4],
    ...[6, 7, 8, 9].map((number) => [number, 0]),
  ]);
  // The last one says how the program has ended.
  assert.deepEqual([acknowledged, filtered, gaps], [5, 6, 0]);
});

test("watch sees a line that is an error at its end", options, async () => {
  const seen: [reason: string, moment: string][] = [];
  const end = new AbortController();
  using set = LogSet.open(log.target);
  let entries = 0;
  await watchLogs({
    set,
    conditions: [parseCondition("error"), parseCondition("status:>=599")],
    signal: end.signal,
    onTrigger: ({ reason }) => seen.push([reason, `after ${entries} entries`]),
    onEntry() {
      entries++;
      if (entries === 11) setTimeout(() => end.abort());
    },
  });
  assert.deepEqual(seen, [["error", "after 3 entries"], ["error", "after 9 entries"]]);
});

test("the last error that a program has printed is found in a long line", options, () => {
  assert.equal(lastError(log.target), "L300000");
});

test("serve's answers have lines whole, whatever they are asked by", options, async () => {
  const { signal } = new AbortController();
  const ask = async (which: Which, where = "") => {
    const found = await findEntries(log.target, {
      filter: new EntryFilter({ where }),
      which,
      signal,
    });
    return found!.entries.map(({ seq, level, bytes, text }) => [seq, level, bytes ?? text?.length]);
  };
  const size = (line: string) => line.length - 1 + 40;
  const errors = [[3, "error", size(BIG)], [9, "error", size(BIGGER)]];
  const info = (seq: number) => [seq, "info", size(small(1))];
  const all = [info(1), errors[0], info(4), errors[1], info(10)];
  assert.deepEqual(await ask({ last: 10 }, "level:error"), errors);
  assert.deepEqual(await ask({ last: 1 }, "status:599"), errors.slice(1));
  assert.deepEqual(await ask({ after: 0, limit: 10 }, "L300000"), errors.slice(1));
  assert.deepEqual((await ask({ last: 10 })).slice(0, 5), all);
  assert.deepEqual((await ask({ last: 3 })).slice(0, 2), all.slice(3));
  assert.deepEqual(await ask({ after: 0, limit: 2 }), all.slice(0, 2));
  // In the middle of a line: the whole line comes after that place.
  assert.deepEqual(await ask({ after: 6, limit: 1 }), errors.slice(1));
  assert.deepEqual(await ask({ around: 9, context: 1 }), [info(4), errors[1], info(10)]);
  const timeline = async (where: string) => {
    const { entries, levels } =
      (await findTimeline(log.target, new EntryFilter({ where }), signal))!;
    const sums = Object.entries(levels).map(([level, counts]) => [
      level,
      counts.reduce((sum, count) => sum + count, 0),
    ]);
    return [entries, Object.fromEntries(sums)];
  };
  assert.deepEqual(await timeline("level:error"), [2, { error: 2 }]);
  assert.deepEqual(await timeline(""), [6, { info: 4, error: 2 }]);
});

test("an assistant's counts have lines whole", options, async () => {
  const catalog = new Catalog([log.target]);
  catalog.refresh();
  const { signal } = new AbortController();
  const { run } = TOOLS.find(({ name }) => name === "stats")!;
  const found = await run({
    ...{ catalog, signal },
    arguments: { log: catalog.logs[0].name, where: "status:599", by: "msg" },
  }) as Record<string, unknown>;
  assert.deepEqual([found.entries, found.levels, found.top], [
    2,
    { error: 2 },
    [{ value: "L100000", count: 1 }, { value: "L300000", count: 1 }],
  ]);
});

test("parts of lines of two logs, saved into one file, are lines of each by themselves", {
  ...options,
}, async () => {
  const script = (name: string) =>
    `for i in 1 2 3 4; do head -c 70000 /dev/zero | tr '\\0' ${name}; sleep 0.05; done; echo end-${name}`;
  using one = lastingLog("long");
  using other = lastingLog("long");
  const running = [["a", one.name], ["b", other.name]].map(([letter, name]) =>
    startCli(["run", "-q", "--log", name, "--size", "4MiB", "--", "sh", "-c", script(letter)])
  );
  for (const { code } of await Promise.all(running.map((one) => one.ended()))) {
    assert.equal(code, 0);
  }
  const path = `${folder}/both.log`;
  await runHere("save", one.name, other.name, path);
  const { stdout } = runCli(["tail", path, "--all", "--no-prefix", "--where", "/end-[ab]/"]);
  const texts = stdout.trim().split("\n").map((line) => line.slice(40)).sort();
  assert.deepEqual(texts, ["a", "b"].map((letter) => letter.repeat(280_000) + `end-${letter}`));
});
