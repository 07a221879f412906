/** How fast the entries of a stream are received from a NATS server on this machine. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { ShmLogReader, ShmLogWriter } from "../mod.ts";
import { installedRuntimes, type Runtime } from "../scripts/runtimes.ts";
import { forward } from "../src/ship/carriers/nats/forward.ts";
import { NatsServer, needsNatsServer } from "../test/support/nats_server.ts";
import { digits, type Report } from "./report.ts";

/** The size of an entry in bytes, how many there are, and how often that is measured. */
const SIZE = 100;
const ENTRIES = 300_000;
const ROUNDS = 3;

const WAYS = [
  "receive(), batches",
  "with a consumer",
  "item by item",
  "receiveInto()",
  "the client's consume()",
] as const;

interface Result {
  runtime: string;
  way: typeof WAYS[number];
  /** Entries a second. */
  rate: number;
  /** The share of a core. */
  share: number;
}

/** Runs the comparison. */
export async function benchNatsReceive(_: unknown, onCase: () => void): Promise<Report> {
  const name = "nats-receive";
  if (needsNatsServer) return { name, tables: [], notes: [needsNatsServer], data: {} };
  await using server = await NatsServer.start();
  await fill(server.url);
  const results: Result[] = [];
  for (const runtime of installedRuntimes()) {
    for (const way of WAYS) {
      const rounds: Result[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        rounds.push(receiveAll(runtime, way, server.url));
        onCase();
      }
      rounds.sort((a, b) => a.rate - b.rate);
      results.push(rounds[ROUNDS >> 1]);
    }
  }
  return {
    name,
    tables: [{
      title: `${SIZE}-byte entries out of a stream in a file, on this machine`,
      head: ["", "entries/s", "cores"],
      rows: results.map(({ runtime, way, rate, share }) => [
        `${runtime}, ${way}`,
        Math.round(rate).toLocaleString("en"),
        digits(share),
      ]),
    }],
    notes: [
      `The client's consume(): the messages as it gives them, in order, with nobody looking at who ` +
      `sent them and what is missing. Median of ${ROUNDS}, with connecting and all.`,
    ],
    data: { results },
  };
}

/** Forwards a log to the server. */
async function fill(servers: string): Promise<void> {
  const log = `/ouroboros-bench-receive-${process.pid}`;
  using writer = ShmLogWriter.create(log, {
    unlinkOnClose: true,
    chunkSize: 4 << 20,
    chunkCount: 12,
  });
  using reader = ShmLogReader.open(log, { strategy: "oldest" });
  const payload = new Uint8Array(SIZE).fill(65);
  for (let i = 0; i < ENTRIES; i++) writer.write(payload);
  await using forwarding = await forward(reader, { servers, stream: "BENCH", createStream: true });
  await forwarding.flush();
}

function receiveAll(runtime: Runtime, way: typeof WAYS[number], url: string): Result {
  const script = fileURLToPath(new URL("nats/receiver.ts", import.meta.url));
  const args = [...runtime.run, script, way, url, "BENCH", String(ENTRIES)];
  const { stdout, stderr } = spawnSync(runtime.path, args, { encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  const { milliseconds, cpu } = JSON.parse(stdout);
  const rate = ENTRIES / milliseconds * 1000;
  return { runtime: runtime.title, way, rate, share: cpu / milliseconds };
}
