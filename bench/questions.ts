/** How long it takes to ask a large saved log, and beside it what people ask files of lines with. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ShmLogWriter } from "../mod.ts";
import { root, thisRuntime } from "../scripts/runtimes.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";
import { median } from "./timing.ts";

const COUNT = 1_500_000;
const ROUNDS = 5;

interface Case {
  name: string;
  command: string[];
}

interface Result {
  name: string;
  /** From start to end. */
  seconds: number[];
  /** Of all threads: it says more than the above where the machine has other work. */
  cpuSeconds: number[];
}

/** Prints the seconds that a command took, and those of the CPU. */
const TIMED = 'TIMEFORMAT="%R %U %S"; time "$@" > /dev/null 2>&1';

/**
 * Writes 1.5 million lines of pino to a saved log, and to a file, and asks both. Environment variable
 * OUROBOROS_OLD: the folder of another version, which is measured in turn with this one; OUROBOROS_CLI: a
 * built `cli.js` in place of the sources.
 */
export function benchQuestions(_options: unknown, onCase: () => void): Report {
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-bench-"));
  try {
    const log = join(folder, "pino.log");
    const lines = join(folder, "pino.ndjson");
    const bytes = writeLines(log, lines);
    const cases = [...ours(log), ...others(lines)];
    const results = cases.map(({ name }): Result => ({ name, seconds: [], cpuSeconds: [] }));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, { command }] of cases.entries()) {
        const { status, stderr } = spawnSync("bash", ["-c", TIMED, "bash", ...command], {
          encoding: "utf8",
        });
        if (status !== 0) continue;
        const [seconds, user, system] = stderr.trim().split(" ").map(Number);
        results[i].seconds.push(seconds);
        results[i].cpuSeconds.push(user + system);
        onCase();
      }
    }
    return report(bytes, results.filter(({ seconds }) => seconds.length > 0));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function report(bytes: number, results: Result[]): Report {
  // The first one is what others are compared with.
  const base = Math.min(...results[0].cpuSeconds);
  return {
    name: "questions",
    tables: [{
      title: `${runtimeTitle()}: ${COUNT.toLocaleString("en-US")} lines of pino, ${
        digits(bytes / 1e6)
      } MB, to nowhere: seconds (of ${ROUNDS} processes each, in turn)`,
      head: ["", "minimum", "median", "CPU, minimum", "× --grep"],
      rows: results.map(({ name, seconds, cpuSeconds }) => {
        const cpu = Math.min(...cpuSeconds);
        return [
          name,
          Math.min(...seconds).toFixed(2),
          median(seconds).toFixed(2),
          cpu.toFixed(2),
          (cpu / base).toFixed(1),
        ];
      }),
    }],
    notes: [],
    data: { bytes, results },
  };
}

/** Lines of which one of two thousand is an error. */
function writeLines(log: string, lines: string): number {
  using writer = ShmLogWriter.create({ path: log }, { size: "256MiB", chunkCount: 32 });
  const file = openSync(lines, "w");
  let bytes = 0;
  let batch: string[] = [];
  for (let i = 0; i < COUNT; i++) {
    const isError = i % 2003 === 0;
    const level = isError ? 50 : i % 101 === 0 ? 40 : i % 11 === 0 ? 20 : 30;
    batch.push(JSON.stringify({
      level,
      time: 1_790_000_000_000 + 2 * i,
      pid: 4242,
      hostname: "web-1",
      reqId: i,
      method: i % 7 === 0 ? "POST" : "GET",
      path: `/api/orders/${i % 977}`,
      ms: i % 1000 / 10,
      msg: isError ? "upstream timed out" : "request completed",
    }));
    if (batch.length < 1000 && i < COUNT - 1) continue;
    writer.writeMany(batch);
    bytes += writeSync(file, `${batch.join("\n")}\n`);
    batch = [];
  }
  return bytes;
}

/** What this version is asked, and the other one beside it. */
function ours(log: string): Case[] {
  const runtime = thisRuntime();
  const { OUROBOROS_OLD: old, OUROBOROS_CLI: built } = process.env;
  const questions: [name: string, args: string[]][] = [
    ["--grep 'timed out'", ["-g", "timed out"]],
    ["-p error", ["-p", "error"]],
    ["--where 'timed'", ["--where", "timed"]],
    ["-o text", []],
    ["-o json", ["-o", "json"]],
    ["-o pretty", ["-o", "pretty"]],
  ];
  return questions.flatMap(([name, args]) => {
    const of = (
      file: string,
    ) => [runtime.path, ...runtime.run, file, "tail", log, "--all", ...args];
    return [
      { name, command: of(built ?? `${root}src/cli/main.ts`) },
      ...old === undefined ? [] : [{ name: `${name}, before`, command: of(old) }],
    ];
  });
}

/** Other programs, if they are there. */
function others(lines: string): Case[] {
  const shell = (name: string, script: string) => ({ name, command: ["sh", "-c", script] });
  return [
    // To a pipe: it would end at the first match.
    shell("grep", `grep 'timed out' ${lines} | cat`),
    shell("jq: errors", `jq -c 'select(.level >= 50)' ${lines}`),
    shell("lnav: errors", `lnav -n -c ':set-min-log-level error' ${lines}`),
    shell("pino-pretty", `pino-pretty < ${lines}`),
  ];
}
