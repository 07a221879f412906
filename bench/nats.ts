/** How fast a log is forwarded to a NATS server on this machine, and whether that slows its writer. */

import process from "node:process";
import { ShmLogWriter } from "../mod.ts";
import { installedRuntimes, type Runtime } from "../scripts/runtimes.ts";
import { NatsServer, needsNatsServer } from "../test/support/nats_server.ts";
import { startChild } from "../test/support/runtime.ts";
import { cpuSeconds } from "./process_use.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";
import { median } from "./timing.ts";

/** The size of an entry in bytes. */
const SIZE = 100;
/** How many entries are there when a forwarder starts, and how many times that is measured. */
const ENTRIES = 200_000;
const ROUNDS = 3;
/** How many entries the writer writes at once when it is measured, and how many times. */
const BURST = 1000;
const BURSTS = 300;

/** The ways to publish: ours, and what the client offers. */
const WAYS = [
  "forward()",
  "the client alone",
  "js.publish()",
  "OTLP, forward()",
  "OTLP, forward(), JSON lines",
] as const;

interface Result {
  runtime: string;
  way: typeof WAYS[number];
  /** Entries a second. */
  rate: number;
  /** Shares of a core: of the process that publishes, and of the server. */
  share: number;
  serverShare: number;
}

/** Runs the comparison. */
export async function benchNats(_: unknown, onCase: () => void): Promise<Report> {
  if (needsNatsServer) return { name: "nats", tables: [], notes: [needsNatsServer], data: {} };
  const results: Result[] = [];
  for (const runtime of installedRuntimes()) {
    for (const way of WAYS) {
      const rounds: Result[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        rounds.push(await publish(runtime, way));
        onCase();
      }
      rounds.sort((a, b) => a.rate - b.rate);
      results.push(rounds[ROUNDS >> 1]);
    }
  }
  const cost = await writerCost(onCase);
  return {
    name: "nats",
    tables: [{
      title: `${SIZE}-byte entries into a stream in a file, on this machine`,
      head: ["", "entries/s", "cores, it", "cores, server"],
      rows: results.map(({ runtime, way, rate, share, serverShare }) => [
        `${runtime}, ${way}`,
        Math.round(rate).toLocaleString("en"),
        digits(share),
        digits(serverShare),
      ]),
    }],
    notes: [
      `The client alone: the same messages without a log, as many on their way, to see what is left ` +
      `of it. js.publish(): the client's own way, a promise a message. OTLP: to a server of the same ` +
      `runtime that reads nothing, in protobuf and gzip. Median of ${ROUNDS}.`,
      `${runtimeTitle()} writes an entry in ${digits(cost.alone)} ns alone, and in ` +
      `${digits(cost.followed)} ns while a forwarder follows ` +
      `(${digits(cost.followed / cost.alone)}×; median of ${BURSTS} bursts of ${BURST}).`,
    ],
    data: { results, cost },
  };
}

async function publish(runtime: Runtime, way: typeof WAYS[number]): Promise<Result> {
  // It takes its time.
  const entries = way === "js.publish()" ? ENTRIES / 5 : ENTRIES;
  await using server = way.startsWith("OTLP")
    ? await startCollector(runtime)
    : await NatsServer.start();
  using writer = newLog("publish");
  const line = way.endsWith("lines")
    ? `{"level":30,"time":1795280400123,"user":4711,"path":"/orders/17","ms":1.25,"msg":"`
    : "";
  const payload = line.padEnd(SIZE - 2, "A") + (line === "" ? "AA" : '"}');
  if (way.includes("forward()")) { for (let i = 0; i < entries; i++) writer.write(payload); }
  const before = cpuSeconds(server.pid);
  const publisher = await startPublisher(runtime, [way, server.url, writer.name, entries, SIZE]);
  const { milliseconds, cpu } = JSON.parse(await publisher.nextLine());
  const serverSeconds = cpuSeconds(server.pid) - before;
  await publisher.ended();
  return {
    runtime: runtime.title,
    way,
    rate: entries / milliseconds * 1000,
    share: cpu / milliseconds,
    serverShare: serverSeconds * 1000 / milliseconds,
  };
}

/** A write in nanoseconds, while nobody reads and while a forwarder keeps up with it. */
async function writerCost(onCase: () => void): Promise<{ alone: number; followed: number }> {
  await using server = await NatsServer.start();
  using alone = newLog("alone");
  using followed = newLog("followed");
  const [runtime] = installedRuntimes();
  const args = ["follow", server.url, followed.name, 0, SIZE];
  const publisher = await startPublisher(runtime, args);
  const payload = new Uint8Array(SIZE).fill(65);
  const times = new Map([alone, followed].map((writer) => [writer, [] as number[]]));
  // In turn, so that both have the same machine.
  for (let burst = 0; burst < BURSTS + 50; burst++) {
    for (const [writer, all] of times) {
      const start = performance.now();
      for (let i = 0; i < BURST; i++) writer.write(payload);
      // The first ones are for the engine to get to know the code.
      if (burst >= 50) all.push((performance.now() - start) / BURST * 1e6);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  onCase();
  publisher.process.stdin!.end();
  await publisher.ended();
  return { alone: median(times.get(alone)!), followed: median(times.get(followed)!) };
}

function newLog(what: string): ShmLogWriter {
  const name = `/ouroboros-bench-${what}-${process.pid}`;
  return ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 4 << 20, chunkCount: 12 });
}

/** A collector in a process of its own. */
async function startCollector(runtime: Runtime) {
  const child = startChild(new URL("nats/collector.ts", import.meta.url), [], runtime);
  return {
    url: `http://127.0.0.1:${await child.nextLine()}`,
    pid: child.pid,
    [Symbol.asyncDispose]: () => child.kill(),
  };
}

/** A publisher in a process of its own, which is ready. */
async function startPublisher(runtime: Runtime, args: (string | number)[]) {
  const child = startChild(new URL("nats/publisher.ts", import.meta.url), args, runtime);
  await child.nextLine();
  return child;
}
