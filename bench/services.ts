/** Services under load that log two lines a request: what the logger takes of them. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import os from "node:os";
import { basename, join } from "node:path";
import { SharedMemory } from "../ffi/mod.ts";
import { ShmLogReader } from "../mod.ts";
import { type Child, startChild } from "../test/support/runtime.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";
import { median } from "./timing.ts";

const ROUNDS = 3;
const FRAMEWORKS = ["Fastify", "Hono"];
const OURS = "this logger";
const LOGGERS = [OURS, "pino, our sink", "pino, async file", "pino, sync file", "no logger"];
/** What a service answers before it is measured, until all is compiled, and how often it is measured. */
const WARM_UP = 30_000;
const REQUESTS = 8000;
const MEASURED = 4;
/** Connections, and requests under way on each. */
const CONNECTIONS = 16;
const DEPTH = 4;
const REQUEST = "GET /hello/ada HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n\r\n";
const ANSWER = '{"ok":true}';

/** What a measurement found: CPU time of the service in µs a request, and requests a second. */
interface Run {
  cpu: number;
  rate: number;
}

/** Starts each service in a process of its own, in rounds, and counts the lines that it has logged. */
export async function benchServices(_: unknown, onCase: () => void): Promise<Report> {
  const folder = mkdtempSync(`${os.tmpdir()}/ouroboros-bench-`);
  const found = FRAMEWORKS.map(() => LOGGERS.map((): Run[] => []));
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, framework] of FRAMEWORKS.entries()) {
        for (const [k, logger] of LOGGERS.entries()) {
          found[i][k].push(...await measured(framework, logger, folder));
          onCase();
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const data = FRAMEWORKS.map((framework, i) => ({
    framework,
    loggers: LOGGERS.map((logger, k) => ({
      logger,
      cpu: Math.min(...found[i][k].map(({ cpu }) => cpu)),
      cpuMedian: median(found[i][k].map(({ cpu }) => cpu)),
      rate: Math.max(...found[i][k].map(({ rate }) => rate)),
      rateMedian: median(found[i][k].map(({ rate }) => rate)),
    })),
  }));
  return {
    name: "services",
    tables: data.map(({ framework, loggers }) => {
      const [ours] = loggers;
      const bare = loggers[loggers.length - 1];
      const cell = (figure: number, of: number) => `${digits(figure)} (${digits(figure / of)}×)`;
      return {
        title: `${runtimeTitle()}, ${framework}: two lines a request (best of ` +
          `${ROUNDS * MEASURED} measurements, and the median; how many times ours)`,
        head: ["", "CPU µs/request", "median", "of it for the logger", "requests/s", "median"],
        rows: loggers.map(({ logger, cpu, cpuMedian, rate, rateMedian }) => [
          logger,
          cell(cpu, ours.cpu),
          cell(cpuMedian, ours.cpuMedian),
          cell(cpu - bare.cpu, ours.cpu - bare.cpu),
          cell(rate, ours.rate),
          cell(rateMedian, ours.rateMedian),
        ]),
      };
    }),
    notes: [
      "The load comes from another process, which also has read all lines. Where a machine has few " +
      "cores, requests a second depend on both processes, CPU time on the service only.",
    ],
    data,
  };
}

async function measured(framework: string, logger: string, folder: string): Promise<Run[]> {
  const isLog = logger === OURS || logger === "pino, our sink";
  const path = isLog ? `/${basename(folder)}` : join(folder, "lines");
  const service = startChild(new URL("services/service.ts", import.meta.url), [
    framework,
    logger,
    path,
  ]);
  try {
    const port = Number(await service.nextLine());
    await load(port, WARM_UP);
    const runs: Run[] = [];
    for (let i = 0; i < MEASURED; i++) {
      const before = await asked(service, "cpu");
      const start = performance.now();
      await load(port, REQUESTS);
      const seconds = (performance.now() - start) / 1000;
      const cpu = await asked(service, "cpu") - before;
      runs.push({ cpu: cpu / REQUESTS, rate: REQUESTS / seconds });
    }
    await asked(service, "end");
    if (logger !== "no logger") checkLines(`${framework}, ${logger}`, linesOf(path, isLog));
    return runs;
  } finally {
    await service.kill();
    if (isLog) SharedMemory.unlink(path);
    else rmSync(path, { force: true });
  }
}

async function asked(service: Child, what: "cpu" | "end"): Promise<number> {
  await service.say(what);
  return Number(await service.nextLine());
}

function linesOf(path: string, isLog: boolean): string[] {
  if (!isLog) return readFileSync(path, "utf8").trimEnd().split("\n");
  using reader = ShmLogReader.open(path, { strategy: "oldest" });
  return [...reader].map(({ text }) => text);
}

/** Throws unless there are two whole lines of each request. Fastify also logs where it listens. */
function checkLines(what: string, lines: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const { msg } = JSON.parse(line);
    counts.set(msg, (counts.get(msg) ?? 0) + 1);
  }
  const requests = WARM_UP + MEASURED * REQUESTS;
  const whole = [...counts.values()].filter((count) => count === requests);
  if (whole.length !== 2) {
    throw new Error(`${what}: not two lines for each of ${requests} requests: ${[...counts]}`);
  }
}

/** Has a service answer so many requests. */
function load(port: number, requests: number): Promise<unknown> {
  let left = requests;
  return Promise.all(
    Array.from({ length: CONNECTIONS }, () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect(port, "127.0.0.1").setNoDelay(true).setEncoding("latin1");
        let text = "";
        let underWay = 0;
        const send = () => {
          if (left === 0) return;
          left--;
          underWay++;
          socket.write(REQUEST);
        };
        socket.on("connect", () => {
          for (let i = 0; i < DEPTH; i++) send();
          if (underWay === 0) socket.end();
        });
        socket.on("data", (data) => {
          const parts = (text + data).split(ANSWER);
          text = parts.pop() ?? "";
          for (let i = 0; i < parts.length; i++) {
            underWay--;
            send();
          }
          if (underWay === 0) socket.end();
        });
        socket.on(
          "close",
          () => underWay > 0 ? reject(new Error("the service hung up")) : resolve(),
        );
        socket.on("error", reject);
      })),
  );
}
