/** Forwarding for a day, in fast motion. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../../ffi/mod.ts";
import { ShmLogReader, ShmLogWriter } from "../../../mod.ts";
import { forward, NatsLink } from "../../../src/ship/carriers/nats/mod.ts";
import { jetstreamClient } from "../../support/jetstream.ts";
import { NatsServer, needsNatsServer } from "../../support/nats_server.ts";
import {
  assertComplete,
  entryText,
  messagesOf,
  reallyReceived,
  received,
} from "../../support/nats_stream.ts";
import { needsLastingNames } from "../../support/platform.ts";
import { baseSeed, Random } from "../../support/random.ts";
import { slowness, uniqueName } from "../../support/runtime.ts";

const skip = needsNatsServer || needsLastingNames;
const timeout = 60_000 * slowness;
const folder = mkdtempSync(join(tmpdir(), "ouroboros-day-"));
const name = uniqueName("day");
after(() => {
  rmSync(folder, { recursive: true });
  if (!skip) SharedMemory.unlink(name);
});

test(
  "a day in fast motion: quiet nights, busy hours, restarts, a full stream",
  { skip, timeout },
  async (t) => {
    const random = new Random(baseSeed);
    await using server = await NatsServer.start();
    const state = join(folder, "day");
    let refusals = 0;
    const make = () =>
      ShmLogWriter.create(name, {
        chunkSize: 16384,
        chunkCount: 8,
        ifExists: "resume",
        unlinkOnClose: false,
      });
    let writer = make();
    const start = async () => {
      const reader = ShmLogReader.open(name, { strategy: "oldest" });
      const forwarding = await forward(reader, {
        servers: server.url,
        stream: "LOGS",
        // Not by bytes: version 2.9.10 forgets some of the oldest when that limit is reached.
        createStream: { maxMessages: 2500, discard: "new" },
        closeTimeout: 200,
        state,
        maxReconnectDelay: 50,
        onTrouble: ({ type }) => type === "refused" && refusals++,
      });
      return { reader, forwarding };
    };
    let { reader, forwarding } = await start();
    // An hour is 40 ms. At 3 the server is restarted, at 9 the writer, at 15 the forwarder, and in the
    // evening somebody sees that the stream is full.
    for (let hour = 0; hour < 24; hour++) {
      const isBusy = hour >= 8 && hour < 20;
      const count = isBusy ? 300 + random.below(900) : random.below(20);
      for (let i = 0; i < count; i++) {
        writer.write(entryText(writer.totalEntriesWritten + 1));
        if (i % 200 === 199) await sleep(1);
      }
      if (hour === 3) {
        await server.stop();
        await server.restart();
      } else if (hour === 9) {
        writer.close();
        writer = make();
      } else if (hour === 15) {
        await forwarding.close();
        reader.close();
        ({ reader, forwarding } = await start());
      } else if (hour === 19) {
        // However much was lost by then: there will be enough.
        while (refusals === 0) {
          writer.write(entryText(writer.totalEntriesWritten + 1));
          if (writer.totalEntriesWritten % 100 === 0) await sleep(1);
        }
        await enlarge(server.url, 4000);
      }
      await sleep(40);
    }
    while (forwarding.stats.lagEntries > 0) {
      await sleep(50);
      if (forwarding.stats.refusal !== undefined) await enlarge(server.url, 4000);
    }
    await forwarding.close();
    reader.close();
    const total = writer.totalEntriesWritten;
    writer.close();
    const [source] = received(await messagesOf(server.url, "LOGS")).values();
    assertComplete(source, total);
    const [real] = (await reallyReceived(server.url, "LOGS")).values();
    assertComplete(real, total);
    assert.ok(refusals > 0, "the stream was full");
    t.diagnostic(`${total} written, ${source.entries.length} entries, ${source.lost} lost in gaps`);
  },
);

/** Lets the stream have more messages. */
async function enlarge(url: string, messages: number): Promise<void> {
  await using link = await NatsLink.open({ servers: url });
  const { jetstreamManager } = jetstreamClient;
  const { streams } = await jetstreamManager(link.client);
  const { config } = await streams.info("LOGS");
  await streams.update("LOGS", { max_msgs: config.max_msgs + messages });
}
