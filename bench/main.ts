/**
 * The benchmarks: `deno task bench`, `bun bench/main.ts`, `node bench/main.ts`.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { Command } from "commander";
import { benchCircular } from "./circular.ts";
import { benchCompression } from "./compression.ts";
import { benchEvents } from "./events.ts";
import { benchFollow } from "./follow.ts";
import { benchHeap } from "./heap.ts";
import { benchKills } from "./kills.ts";
import { benchLogger } from "./logger.ts";
import { benchNats } from "./nats.ts";
import { benchNatsReceive } from "./nats_receive.ts";
import { benchPaths } from "./paths.ts";
import { benchPeers } from "./peers.ts";
import { benchProcesses } from "./processes.ts";
import { circumstances, markdown, type Report } from "./report.ts";
import { benchQuestions } from "./questions.ts";
import { benchRing } from "./ring.ts";
import { benchRun } from "./run.ts";
import { benchScale } from "./scale.ts";
import { benchServices } from "./services.ts";
import { benchSinks } from "./sinks.ts";
import { benchStartup } from "./startup.ts";

interface Options {
  json?: string;
  only?: string;
}

type Bench = (options: Options, onCase: () => void) => Report | Promise<Report>;

const benches: Record<string, Bench> = {
  paths: ({ only }, onCase) => benchPaths(new RegExp(only ?? "."), onCase),
  heap: benchHeap,
  startup: benchStartup,
  run: benchRun,
  compression: benchCompression,
  peers: benchPeers,
  processes: benchProcesses,
  sinks: benchSinks,
  logger: benchLogger,
  services: benchServices,
  ring: benchRing,
  scale: benchScale,
  circular: benchCircular,
  events: benchEvents,
  follow: benchFollow,
  kills: benchKills,
  nats: benchNats,
  natsReceive: benchNatsReceive,
  questions: benchQuestions,
};

await new Command("bench")
  .description("Measures the log on this runtime, and what people would use instead.")
  .argument("[names...]", `any of ${Object.keys(benches).join(", ")}; all if none is named`)
  .option("--json <file>", "write all figures to a file")
  .option("--only <pattern>", "only the paths that match, of the benchmark paths")
  .action(run)
  .parseAsync();

async function run(names: string[], options: Options): Promise<void> {
  const unknown = names.find((name) => !(name in benches));
  if (unknown !== undefined) throw new RangeError(`no benchmark is named ${unknown}`);
  const conditions = circumstances();
  const { runtime, cpu, cores, date } = conditions;
  console.log(`${runtime} on ${cores} cores of ${cpu}, ${date}\n`);
  const reports: Report[] = [];
  for (const [name, bench] of Object.entries(benches)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const report = await withCounter((onCase) => bench(options, onCase));
    console.log(markdown(report));
    reports.push(report);
  }
  if (options.json !== undefined) {
    const figures = Object.fromEntries(reports.map(({ name, data }) => [name, data]));
    writeFileSync(options.json, JSON.stringify({ ...conditions, ...figures }, undefined, 2) + "\n");
  }
}

/** Shows that something goes on, where somebody looks. */
async function withCounter<T>(work: (onCase: () => void) => T | Promise<T>): Promise<T> {
  const { isTTY } = process.stderr;
  let count = 0;
  try {
    return await work(() => isTTY && process.stderr.write(`\r${++count} measured`));
  } finally {
    if (isTTY) process.stderr.write("\r\x1b[K");
  }
}
