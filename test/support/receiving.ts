/** What tests receive, in words, from a server that they share. */

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { receive, type ReceiveOptions } from "../../src/ship/carriers/nats/receive.ts";
import type { ReceivedItem, ReceiveSummary } from "../../src/ship/received.ts";
import { Publisher, textOf } from "./nats_publisher.ts";
import { NatsServer, needsNatsServer } from "./nats_server.ts";
import { slowness } from "./runtime.ts";

/** When a receiver in a test gives up, and says how far it came. */
const PATIENCE = 100_000 * slowness;

/** What was received. */
export interface Received {
  readonly items: ReceivedItem[];
  /** The items, as `wordsOf()` has them. */
  readonly words: string;
  readonly summary: ReceiveSummary;
}

/** A server for the tests of a file, which each make their own streams. */
export class ReceiveTests {
  server!: NatsServer;
  publisher!: Publisher;
  #streams = 0;

  /** Has a server while the tests of this file run; `fill` puts into it what they all need. */
  constructor(fill?: (publisher: Publisher) => Promise<void>) {
    before(async () => {
      if (needsNatsServer) return;
      this.server = await NatsServer.start();
      this.publisher = await Publisher.open(this.server.url);
      await fill?.(this.publisher);
    });
    after(async () => {
      await this.publisher?.[Symbol.asyncDispose]();
      await this.server?.[Symbol.asyncDispose]();
    });
  }

  /** Makes a stream. */
  async newStream(config = {}): Promise<string> {
    const stream = `S${this.#streams++}`;
    await this.publisher.stream(stream, config);
    return stream;
  }

  /** Receives up to the end of the stream, or until there are so many items. */
  async received(
    options: Partial<ReceiveOptions> & { stream: string },
    count: number = Infinity,
    onItem: (item: ReceivedItem) => void = () => {},
  ): Promise<Received> {
    const signal = AbortSignal.timeout(PATIENCE);
    const follow = count !== Infinity;
    const reception = receive({ servers: this.server.url, follow, signal, ...options });
    const items: ReceivedItem[] = [];
    for await (const item of reception) {
      items.push(item);
      onItem(item);
      if (items.length >= count) break;
    }
    if (signal.aborted) assert.fail(`waited in vain, and got only ${wordsOf(items)}`);
    return {
      items,
      get words() {
        return wordsOf(items);
      },
      summary: reception.summary,
    };
  }
}

/** Waits until somebody asks a consumer of the stream for messages. */
export async function untilAsked(
  { jsm }: Pick<Publisher, "jsm">,
  stream: string,
): Promise<void> {
  for (;;) {
    for await (const { num_waiting } of jsm.consumers.list(stream)) if (num_waiting > 0) return;
    await sleep(5);
  }
}

/** Waits until the server has acted upon the acknowledgement of a message and all before it. */
export async function untilAcknowledged(
  { jsm }: Publisher,
  stream: string,
  consumer: string,
  streamSequence: number,
): Promise<void> {
  for (;;) {
    const { ack_floor } = await jsm.consumers.info(stream, consumer);
    if (ack_floor.stream_seq >= streamSequence) return;
    await sleep(5);
  }
}

/** Items in words, of entries whose texts are as they should be. */
export function wordsOf(items: readonly ReceivedItem[]): string {
  return items.map((item) => {
    const { host } = item.source;
    if (item.kind === "gap") return `${host}[${item.from}-${item.to} ${item.reason}]`;
    assert.equal(item.text, textOf(item.source, item.sequenceNumber));
    return `${host}${item.sequenceNumber}`;
  }).join(" ");
}
