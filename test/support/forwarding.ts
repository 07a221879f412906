/** Logs that are forwarded by tests, and what comes of it in the stream. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { ShmLogReader, ShmLogWriter } from "../../mod.ts";
import type { ForwardOptions } from "../../src/ship/carriers/nats/mod.ts";
import type { NatsServer } from "./nats_server.ts";
import { entryText, messagesOf, received } from "./nats_stream.ts";
import { uniqueName } from "./runtime.ts";

/** A log with a writer and a reader that starts with the oldest entry. */
export function newLog(options: { chunkSize?: number; chunkCount?: number } = {}) {
  const { chunkSize = 65536, chunkCount = 16 } = options;
  const writer = ShmLogWriter.create(uniqueName("nats"), {
    unlinkOnClose: true,
    chunkSize,
    chunkCount,
  });
  const reader = ShmLogReader.open(writer.name, { strategy: "oldest" });
  return {
    writer,
    reader,
    write(count: number): void {
      for (let i = 0; i < count; i++) writer.write(entryText(writer.totalEntriesWritten + 1));
    },
    [Symbol.dispose](): void {
      reader.close();
      writer.close();
    },
  };
}

/** How to forward to stream LOGS of a server. */
export function options(server: NatsServer, more: Partial<ForwardOptions> = {}): ForwardOptions {
  return {
    servers: server.url,
    stream: "LOGS",
    createStream: true,
    maxReconnectDelay: 100,
    ...more,
  };
}

/** The only source in stream LOGS. */
export async function onlySource(server: NatsServer) {
  const messages = await messagesOf(server.url, "LOGS");
  const sources = received(messages);
  assert.equal(sources.size, 1);
  return { messages, source: [...sources.values()][0] };
}

/** Waits until it is so. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}
