/** How late followers on each runtime see an entry, what they cost while idle, and what notify costs. */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogReader, ShmLogWriter } from "../mod.ts";
import { installedRuntimes, type Runtime } from "../scripts/runtimes.ts";
import { startChild } from "../test/support/runtime.ts";
import { now } from "./processes/clock.ts";
import { digits, type Report, runtimeTitle, type Table } from "./report.ts";
import { time } from "./timing.ts";

/** The pauses between two entries in milliseconds: while it looks, while it dozes, while it sleeps. */
const GAPS = [2, 30, 300];
const ENTRIES = [300, 100, 20];
/** How long an idle follower is watched, in milliseconds. */
const IDLE = 6500;

/** How a follower waits: by itself, on the bell, or on the bell with its whole thread. */
const WAYS = ["alone", "notify", "notify, blocked"];

interface Result {
  runtime: string;
  way: string;
  gap: number;
  /** In nanoseconds. */
  median: number;
  most: number;
  /** Share of a core while idle. */
  share: number;
}

/** Runs the comparison. */
export async function benchFollow(_: unknown, onCase: () => void): Promise<Report> {
  const results: Result[] = [];
  for (const runtime of installedRuntimes()) {
    for (const way of WAYS) {
      for (const [i, gap] of GAPS.entries()) {
        const idle = i === 0 ? IDLE : 0;
        results.push(await runFollower(runtime, { way, gap, entries: ENTRIES[i], idle }));
        onCase();
      }
    }
  }
  const cost = await notifyCost(onCase);
  return {
    name: "follow",
    tables: [lateness(results)],
    notes: [
      `${runtimeTitle()} writes 64 bytes in ${digits(cost.without)} ns, with notify ` +
      `in ${digits(cost.notify)} ns while nobody sleeps (${digits(cost.notify / cost.without)}×).`,
      "Late: median / 99th percentile in µs, from the writer's stamp to the entry in a follower's " +
      "loop. Blocked: a follower that does nothing but sleep in the kernel, the floor of this " +
      "machine. Idle: the share of a core of a follower that nothing comes for.",
    ],
    data: { results, cost },
  };
}

function lateness(results: Result[]): Table {
  const rows: string[][] = [];
  for (let i = 0; i < results.length; i += GAPS.length) {
    const group = results.slice(i, i + GAPS.length);
    const { runtime, way, share } = group[0];
    rows.push([
      `${runtime}, ${way}`,
      ...group.map(({ median, most }) => `${digits(median / 1000)} / ${digits(most / 1000)}`),
      `${digits(share * 100)} %`,
    ]);
  }
  const head = ["follower", ...GAPS.map((gap) => `late, an entry each ${gap} ms`), "idle"];
  return { title: `${runtimeTitle()} writes: how late followers are, in µs`, head, rows };
}

async function runFollower(
  runtime: Runtime,
  how: { way: string; gap: number; entries: number; idle: number },
): Promise<Result> {
  const { way, gap, entries, idle } = how;
  const notify = way !== WAYS[0];
  const name = `/ouroboros-bench-follow-${process.pid}`;
  using writer = ShmLogWriter.create(name, {
    unlinkOnClose: true,
    chunkSize: 1 << 16,
    chunkCount: 4,
    notify,
  });
  const child = startChild(
    new URL("follow/follower.ts", import.meta.url),
    [name, idle, way],
    runtime,
  );
  await child.nextLine();
  const payload = new Uint8Array(new ArrayBuffer(64));
  const stamp = new Float64Array(payload.buffer, 0, 1);
  await sleep(500);
  for (let i = 0; i < entries; i++) {
    stamp[0] = now();
    writer.write(payload);
    // Not in step with the follower's own timers.
    await sleep(gap * (0.5 + Math.random()));
  }
  writer.write("");
  const result = JSON.parse(await child.nextLine());
  await child.ended();
  return { runtime: runtime.title, way, gap, ...result };
}

/** A write in nanoseconds, without notify and with it, in one run. */
async function notifyCost(onCase: () => void): Promise<{ without: number; notify: number }> {
  const name = `/ouroboros-bench-notify-${process.pid}`;
  using plain = ShmLogWriter.create(`${name}-0`, { unlinkOnClose: true });
  using ringing = ShmLogWriter.create(`${name}-1`, { unlinkOnClose: true, notify: true });
  // One that follows, and reads on: nobody sleeps.
  using _reader = ShmLogReader.open(`${name}-1`);
  const payload = new Uint8Array(new ArrayBuffer(64));
  const cases = [plain, ringing].map((writer, i) => ({
    path: String(i),
    size: 64,
    entries: 1000,
    run() {
      for (let j = 0; j < 1000; j++) writer.write(payload);
    },
  }));
  const [without, notify] = await time(cases, 3, 300, onCase);
  return { without: without.median, notify: notify.median };
}
