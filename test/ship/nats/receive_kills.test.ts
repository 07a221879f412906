/** Real processes: logs forwarded, and receivers of them killed at any moment. */

import assert from "node:assert/strict";
import process from "node:process";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../../ffi/mod.ts";
import { ShmLogReader } from "../../../mod.ts";
import { forward } from "../../../src/ship/carriers/nats/forward.ts";
import { Origins } from "../../../src/ship/origins.ts";
import { startCli } from "../../support/cli.ts";
import { newLog } from "../../support/forwarding.ts";
import { Publisher } from "../../support/nats_publisher.ts";
import { NatsServer, natsTest, needsNatsServer } from "../../support/nats_server.ts";
import { baseSeed, Random } from "../../support/random.ts";
import { startChild, uniqueName } from "../../support/runtime.ts";

const skip = needsNatsServer;
const KILLS = Number(process.env.RECEIVE_KILLS ?? 3);
const timeout = 120_000 + 5000 * KILLS;
/** How many entries a log gets quickly; later it gets them slowly, so that all have room in the end. */
const MANY = 40_000 * Math.ceil(KILLS / 4);
/** How many there are at least. */
const SOME = 500;
const random = new Random(baseSeed);
let server: NatsServer;

before(async () => {
  if (skip) return;
  console.log(`seed ${baseSeed}`);
  server = await NatsServer.start();
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** A log that is written and forwarded as long as this exists. */
async function forwardedLog(stream: string, host: string, chunkSize: number, burst: number) {
  const log = newLog({ chunkSize, chunkCount: 4 });
  const { writer } = log;
  const subject = `${stream}.{host}.{name}`;
  const forwarding = await forward(log.reader, { servers: server.url, stream, subject, host });
  const timer = setInterval(() => {
    const most = writer.totalEntriesWritten < MANY ? random.below(burst) : 0;
    for (let i = most; i >= 0; i--) {
      const number = writer.totalEntriesWritten + 1;
      writer.write(`${host} ${number} ${"x".repeat(number % 100)}`);
    }
  }, 2);
  return {
    host,
    /** Ends writing, and waits until the server has all; gives how many entries there were. */
    async finish(): Promise<number> {
      while (writer.totalEntriesWritten < SOME) await sleep(5);
      clearInterval(timer);
      await forwarding.flush();
      return writer.totalEntriesWritten;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      clearInterval(timer);
      await forwarding.close();
      log[Symbol.dispose]();
    },
  };
}

async function newStream(stream: string): Promise<void> {
  await using publisher = await Publisher.open(server.url);
  await publisher.stream(stream, { duplicate_window: 120e9 });
}

function remove(name: string): void {
  for (const one of [name, `${name}.origin`]) SharedMemory.unlink(one);
}

natsTest("receivers into a log, and the server, are killed: each entry is there once", async () => {
  await newStream("INTO");
  const name = uniqueName("into");
  // All of it is to be there in the end.
  const chunkSize = Math.ceil(KILLS / 4) << 20;
  const totals = new Map<string, number>();
  try {
    {
      // The second one is so small that it loses entries, which is known.
      await using big = await forwardedLog("INTO", "big", 1 << 20, 20);
      await using small = await forwardedLog("INTO", "small", 1024, 60);
      const url = new URL("./children/receiver.ts", import.meta.url);
      for (let kill = 0; kill < KILLS; kill++) {
        const child = startChild(url, [server.url, "INTO", name, chunkSize]);
        assert.equal(await child.nextLine(), "ready");
        await sleep(random.below(150));
        if (kill === 1) {
          await server.stop("SIGKILL");
          await sleep(random.below(100));
          await server.restart();
          await sleep(random.below(400));
        }
        await child.kill();
      }
      for (const log of [big, small]) totals.set(log.host, await log.finish());
      const last = startChild(url, [server.url, "INTO", name, chunkSize]);
      const isComplete = () => [...lastsIn(name)].every(([host, n]) => n === totals.get(host));
      while (lastsIn(name).size < 2 || !isComplete()) await sleep(50);
      await last.say("end");
      assert.equal(await last.ended(), 0);
    }
    using log = ShmLogReader.open(name, { strategy: "oldest" });
    using origins = Origins.open(name);
    const next = new Map([...totals.keys()].map((host) => [host, 1]));
    const missing = [...origins.missing];
    let count = 0;
    const passGaps = (number: number) => {
      while (missing.length > 0 && missing[0].before <= number) {
        const { source, from, to, reason } = missing.shift()!;
        assert.equal(from, next.get(source.host), `gap of ${source.host}`);
        assert.notEqual(reason, "unexplained", `${source.host} ${from} to ${to}`);
        next.set(source.host, to + 1);
      }
    };
    for (const entry of log) {
      passGaps(entry.sequenceNumber);
      const [host, number] = entry.text.split(" ");
      assert.equal(Number(number), next.get(host), `entry ${entry.sequenceNumber} is of ${host}`);
      next.set(host, Number(number) + 1);
      const origin = origins.of(entry.sequenceNumber);
      assert.deepEqual([origin?.source.host, origin?.sequenceNumber], [host, Number(number)]);
      count++;
    }
    passGaps(Infinity);
    for (const [host, total] of totals) assert.equal(next.get(host), total + 1, host);
    console.log(`${KILLS} kills, ${count} entries, ${origins.missing.length} gaps`);
    assert.ok(count >= SOME);
  } finally {
    remove(name);
  }
}, { timeout });

/** The last number of each host in a local log. */
function lastsIn(name: string): Map<string, number> {
  using origins = Origins.open(name);
  using log = ShmLogReader.open(name, { strategy: "latest" });
  const lasts = new Map<string, number>();
  for (const entry of log) {
    const [host, number] = entry.text.split(" ");
    lasts.set(host, Number(number));
  }
  for (const { source, to } of origins.missing) {
    lasts.set(source.host, Math.max(to, lasts.get(source.host) ?? 0));
  }
  return lasts;
}

natsTest("the command with a state file is killed: nothing is left out", async () => {
  await newStream("PRINT");
  const state = `${server.folder}/receive.state`;
  const args = ["receive", `${server.url}/PRINT`, "--consumer", "c"];
  const numbers: number[] = [];
  let total: number;
  {
    await using log = await forwardedLog("PRINT", "web-1", 1 << 20, 10);
    const kills = Math.max(2, KILLS >> 1);
    for (let run = 0; run <= kills; run++) {
      const cli = startCli([...args, "--state", state, "-o", "json"]);
      await cli.until((text) => text.includes("\n"));
      if (run < kills) {
        await sleep(random.below(200));
        cli.process.kill("SIGKILL");
      } else {
        total = await log.finish();
        await cli.until((text) => text.includes(`"web-1 ${total} `));
        cli.signal("SIGTERM");
      }
      const { code, stdout, stderr } = await cli.ended();
      if (run === kills) {
        assert.equal(code, 0, stderr);
        assert.match(stderr, /\d+ entries of 1 log, \d+ duplicates dropped, 0 gaps\n$/);
      }
      // The last line may be half a one.
      const lines = stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
      const seen = lines.map(({ seq, text, host }) => {
        assert.ok(text.startsWith(`${host} ${seq} `));
        return seq as number;
      });
      // Within a run all follow each other; the next one begins after the last, or before that.
      for (const [i, number] of seen.entries()) {
        assert.equal(number, seen[0] + i);
      }
      assert.ok(seen[0] <= (numbers.at(-1) ?? 0) + 1, `${seen[0]} after ${numbers.at(-1)}`);
      numbers.push(...seen);
    }
  }
  const all = new Set(numbers);
  assert.equal(all.size, total!);
  console.log(
    `${numbers.length - all.size} of ${total!} entries were printed again after a kill`,
  );
}, { timeout });
