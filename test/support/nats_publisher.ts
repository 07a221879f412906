/** Messages put into a stream by hand: in any order, any number of times. */

import { type JetStreamManager, jetstreamManager, type StreamConfig } from "@nats-io/jetstream";
import { headers } from "@nats-io/nats-core";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { HEADERS, headerText } from "../../src/ship/carriers/nats/message.ts";
import { subjectOf } from "../../src/ship/carriers/nats/subject.ts";
import type { LogSource } from "../../src/ship/message.ts";

/** A source for tests. */
export function sourceOf(host: string, name: string = "/app"): LogSource {
  return { host, name, segment: "1a-2b-3c" };
}

/** What entry `number` of a host says. */
export function textOf({ host }: LogSource, number: number): string {
  return `${host} says ${number}`;
}

/** Publishes to one server. */
export class Publisher implements AsyncDisposable {
  readonly client: NatsConnection;
  readonly jsm: JetStreamManager;

  private constructor(client: NatsConnection, jsm: JetStreamManager) {
    this.client = client;
    this.jsm = jsm;
  }

  /** Connects to a server. */
  static async open(url: string): Promise<Publisher> {
    const client = await connect({
      servers: url.replace("nats://", ""),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
    });
    return new Publisher(client, await jetstreamManager(client));
  }

  /** Makes a stream of all subjects below its own name. */
  async stream(name: string, config: Partial<StreamConfig> = {}): Promise<void> {
    await this.jsm.streams.add({
      name,
      subjects: [`${name}.>`],
      // What a test sends twice is to be there twice.
      duplicate_window: 0,
      ...config,
    });
  }

  /** Publishes entries; `number`s one by one, or as many as `[from, to]` has. */
  entries(
    stream: string,
    source: LogSource,
    numbers: readonly number[] | { from: number; to: number },
    payload: (number: number) => Uint8Array | string = (number) => textOf(source, number),
    filtered: number = 0,
  ): Promise<void> {
    const all = "from" in numbers
      ? Array.from({ length: numbers.to - numbers.from + 1 }, (_, i) => numbers.from + i)
      : numbers;
    for (const number of all) {
      const fields = { [HEADERS.sequenceNumber]: `${number}`, ...filteredField(filtered) };
      this.#publish(stream, source, fields, payload(number));
    }
    return this.client.flush();
  }

  /** Publishes a gap record. */
  gap(
    stream: string,
    source: LogSource,
    from: number,
    to: number,
    reason: string = "overwritten",
    filtered: number = 0,
  ): Promise<void> {
    const gap = { from, to, count: to - from + 1, reason };
    const fields = { [HEADERS.gap]: `${from}-${to}`, ...filteredField(filtered) };
    this.#publish(stream, source, fields, JSON.stringify({ gap }));
    return this.client.flush();
  }

  /** Publishes anything. */
  async raw(subject: string, payload: string, fields: Record<string, string> = {}): Promise<void> {
    const all = headers();
    for (const [key, value] of Object.entries(fields)) all.set(key, value);
    this.client.publish(subject, payload, { headers: all });
    await this.client.flush();
  }

  /** Waits until a stream has so many messages. */
  async settled(stream: string, count: number): Promise<void> {
    for (;;) {
      const { state } = await this.jsm.streams.info(stream);
      if (state.last_seq >= count) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #publish(
    stream: string,
    { host, name, segment }: LogSource,
    fields: Record<string, string>,
    payload: Uint8Array | string,
  ): void {
    const all = headers();
    const common = {
      [HEADERS.host]: host,
      [HEADERS.name]: headerText(name),
      [HEADERS.segment]: segment,
      [HEADERS.time]: "1795280400000",
    };
    for (const [key, value] of Object.entries({ ...common, ...fields })) all.set(key, value);
    const subject = subjectOf(`${stream}.{host}.{name}`, { host, name, segment });
    this.client.publish(subject, payload, { headers: all });
  }

  /** Closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

function filteredField(filtered: number): Record<string, string> {
  return filtered > 0 ? { [HEADERS.filtered]: `${filtered}` } : {};
}
