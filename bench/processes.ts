/** One writer process and several reader processes on one log: speed, losses, latency, idle cost. */

import process from "node:process";
import type { OverrunPolicy } from "../mod.ts";
import { type Child, startChild } from "../test/support/runtime.ts";
import type { Waiting } from "./processes/waiting.ts";
import { digits, type Report, runtimeTitle, type Table } from "./report.ts";
import { median } from "./timing.ts";

const SIZES = [16, 64, 256, 1024];
const READERS = [1, 2, 4];
const CROWDS = [0, 1, 2, 4, 8];
const POLICIES = ["oldest", "latest"] as const;
const POLICY_SIZES = [64, 256, 1024, 4096];
const POLICY_ROUNDS = 5;
const RATES = [1000, 100_000, Infinity];
const WAYS: Waiting[] = ["spinning", "adaptive", "sleeping"];
const MILLISECONDS = 1000;

/** What a run found. */
export interface Run {
  /** Entries written, and in how many milliseconds. */
  written: number;
  milliseconds: number;
  /** The time that a CPU spent on it. */
  cpuMicroseconds: number;
  readers: ReaderResult[];
}

interface ReaderResult {
  read: number;
  lost: number;
  overruns: number;
  milliseconds: number;
  /** Share of a core. */
  cpu: number;
  /** The 50th, 90th, 99th and 99.9th percentile in ns. */
  latency: number[];
}

/** Runs everything between processes. */
export async function benchProcesses(_: unknown, onCase: () => void): Promise<Report> {
  const speeds: { size: number; count: number; run: Run }[] = [];
  for (const size of SIZES) {
    for (const count of READERS) {
      speeds.push({ size, count, run: await runProcesses({ size, readers: count }) });
      onCase();
    }
  }
  const latencies: { rate: number; how: Waiting; run: Run }[] = [];
  for (const rate of RATES) {
    for (const how of WAYS) {
      const run = await runProcesses({ size: 64, readers: 1, how, rate, isStamped: true });
      latencies.push({ rate, how, run });
      onCase();
    }
  }
  const crowds: Crowd[] = [];
  for (const count of CROWDS) {
    const here = await runProcesses({ size: 64, readers: count });
    crowds.push({ count, here, elsewhere: await runBeside(count) });
    onCase();
  }
  const policies = await comparePolicies(onCase);
  const idle = await idleCost();
  return {
    name: "processes",
    tables: [
      speedTable(speeds),
      policyTable(policies),
      crowdTable(crowds),
      latencyTable(latencies),
    ],
    notes: [
      "Each reader validates what it reads, of copies but for the latencies. In every run, " +
      "read + lost = written for each reader.",
      "Latency: from the writer's stamp to the moment at which a batch is in the reader's hands; " +
      "at full speed the stamp is a part of what the writer does.",
      `An idle adaptive reader takes ${digits(idle * 100)} % of a core.`,
    ],
    data: { speeds, policies, crowds, latencies, idle },
  };
}

function speedTable(speeds: { size: number; count: number; run: Run }[]): Table {
  const rate = (count: number, milliseconds: number) => digits(count / milliseconds / 1000);
  return {
    title: `${runtimeTitle()}: million entries per second at full speed`,
    head: ["bytes", "readers", "written", "read by each", "lost by each"],
    rows: speeds.map(({ size, count, run }) => {
      const average = (key: "read" | "lost" | "milliseconds") =>
        run.readers.reduce((sum, reader) => sum + reader[key], 0) / count;
      return [
        String(size),
        String(count),
        rate(run.written, run.milliseconds),
        rate(average("read"), average("milliseconds")),
        `${digits(100 * average("lost") / run.written)} %`,
      ];
    }),
  };
}

/** What readers of one policy got of entries of one size, in rounds. */
interface PolicyRuns {
  size: number;
  onOverrun: OverrunPolicy;
  runs: Run[];
}

/** One writer at full speed and one reader, in turns, so that what else happens happens to all. */
async function comparePolicies(onCase: () => void): Promise<PolicyRuns[]> {
  const all: PolicyRuns[] = [];
  for (const size of POLICY_SIZES) {
    const ofSize = POLICIES.map((onOverrun) => ({ size, onOverrun, runs: [] as Run[] }));
    for (let round = 0; round < POLICY_ROUNDS; round++) {
      for (const { onOverrun, runs } of ofSize) {
        runs.push(await runProcesses({ size, readers: 1, onOverrun, milliseconds: 500 }));
        onCase();
      }
    }
    all.push(...ofSize);
  }
  return all;
}

function policyTable(all: PolicyRuns[]): Table {
  const middle = (runs: Run[], of: (run: Run) => number) => digits(median(runs.map(of)));
  return {
    title: `${runtimeTitle()}: million entries per second by \`onOverrun\`, one reader ` +
      `(median of ${POLICY_ROUNDS} rounds)`,
    head: ["bytes", "onOverrun", "written", "read", "read of written", "lost", "overruns"],
    rows: all.map(({ size, onOverrun, runs }) => [
      String(size),
      onOverrun,
      middle(runs, ({ written, milliseconds }) => written / milliseconds / 1000),
      middle(runs, ({ readers: [{ read, milliseconds }] }) => read / milliseconds / 1000),
      `${middle(runs, ({ written, readers: [{ read }] }) => 100 * read / written)} %`,
      `${middle(runs, ({ written, readers: [{ lost }] }) => 100 * lost / written)} %`,
      middle(runs, ({ readers: [{ overruns }] }) => overruns),
    ]),
  };
}

/** A writer with so many readers, and with as many that read another log. */
interface Crowd {
  count: number;
  here: Run;
  elsewhere: Run;
}

/**
 * What readers cost the writer: in time of a CPU, which waiting for one does not take. Processes that
 * do something else cost it, too, by caches and cores that are shared: the readers of another log.
 */
function crowdTable(crowds: Crowd[]): Table {
  const cost = ({ cpuMicroseconds, written }: Run) => 1000 * cpuMicroseconds / written;
  return {
    title: `${runtimeTitle()}: CPU time of the writer per entry in ns, 64 bytes`,
    head: ["spinning readers", "of this log", "of another log", "ratio"],
    rows: crowds.map(({ count, here, elsewhere }) => [
      String(count),
      digits(cost(here)),
      digits(cost(elsewhere)),
      digits(cost(here) / cost(elsewhere)),
    ]),
  };
}

function latencyTable(latencies: { rate: number; how: Waiting; run: Run }[]): Table {
  return {
    title: `${runtimeTitle()}: latency from process to process in µs, 64 bytes`,
    head: ["entries/s", "reader", "p50", "p90", "p99", "p99.9", "lost"],
    rows: latencies.map(({ rate, how, run }) => {
      const reached = Math.round(run.written / run.milliseconds * 1000);
      const [reader] = run.readers;
      return [
        Number.isFinite(rate)
          ? rate.toLocaleString("en-US")
          : `full: ${reached.toLocaleString("en-US")}`,
        how,
        ...reader.latency.map((ns) => digits(ns / 1000)),
        `${digits(100 * reader.lost / run.written)} %`,
      ];
    }),
  };
}

interface RunOptions {
  size: number;
  readers: number;
  how?: Waiting;
  rate?: number;
  isStamped?: boolean;
  onOverrun?: OverrunPolicy;
  milliseconds?: number;
}

let runs = 0;

/** One writer and its readers, from start to end; throws if an entry is unaccounted for. */
export async function runProcesses(options: RunOptions): Promise<Run> {
  const { size, readers, how = "spinning", rate = Infinity, milliseconds = MILLISECONDS } = options;
  const { onOverrun = "oldest" } = options;
  const name = `/ouroboros-bench-${process.pid}-${runs++}`;
  const stamps = options.isStamped ? "stamps" : "none";
  const writer = start("writer.ts", [name, size, milliseconds, rate, stamps]);
  await writer.nextLine();
  const children = Array.from({ length: readers }, () => {
    return start("reader.ts", [name, how, stamps, Infinity, onOverrun]);
  });
  for (const reader of children) await reader.nextLine();
  await writer.say("go");
  const result = JSON.parse(await writer.nextLine());
  const results: ReaderResult[] = [];
  for (const reader of children) results.push(JSON.parse(await reader.nextLine()));
  await writer.say("go");
  for (const child of [writer, ...children]) await child.ended();
  for (const { read, lost } of results) {
    if (read + lost !== result.written) {
      throw new Error(`read ${read} + lost ${lost} is not written ${result.written}`);
    }
  }
  return { ...result, readers: results };
}

/** One writer without a reader, beside so many readers of another log, in which nothing happens. */
async function runBeside(count: number): Promise<Run> {
  const name = `/ouroboros-bench-${process.pid}-other`;
  const other = start("writer.ts", [name, 64, 1, 1000, "none"]);
  await other.nextLine();
  const children = Array.from({ length: count }, () => {
    return start("reader.ts", [name, "spinning", "none"]);
  });
  for (const child of children) await child.nextLine();
  const run = await runProcesses({ size: 64, readers: 0 });
  await other.say("go");
  await other.nextLine();
  for (const child of children) await child.nextLine();
  await other.say("go");
  for (const child of [other, ...children]) await child.ended();
  return run;
}

/** The share of a core that an adaptive reader takes when nothing is written. */
async function idleCost(): Promise<number> {
  const name = `/ouroboros-bench-${process.pid}-idle`;
  const writer = start("writer.ts", [name, 8, 1, Infinity, "none"]);
  await writer.nextLine();
  const reader = start("reader.ts", [name, "adaptive", "none", 4000]);
  await reader.nextLine();
  const { cpu } = JSON.parse(await reader.nextLine());
  await writer.say("go");
  await writer.nextLine();
  await writer.say("go");
  await writer.ended();
  return cpu;
}

function start(file: string, args: (string | number)[]): Child {
  return startChild(new URL(`processes/${file}`, import.meta.url), args);
}
