/**
 * Sending to a collector of OpenTelemetry.
 *
 * @module
 */

import { abortWith, delay } from "../../../async.ts";
import { CollectorRefusedError } from "../../../errors.ts";
import { type OtlpLogRecord, OtlpRecords, sourceResource } from "../../../records/otlp_records.ts";
import type { Answers, Outgoing, Sender } from "../../carrier.ts";
import type { LogSource } from "../../message.ts";
import type { OtlpEncoder, Rejection } from "./encoder.ts";
import type { HttpClient } from "./http_client.ts";
import type { OtlpStatus } from "./otlp_options.ts";
import { type Never, type Verdict, verdictOf } from "./verdict.ts";

/** How a sender sends. */
export interface OtlpSenderOptions {
  readonly url: URL;
  readonly client: HttpClient;
  readonly encoder: OtlpEncoder;
  readonly resource: Readonly<Record<string, string>>;
  readonly maxBatch: number;
  readonly maxBatchBytes: number;
  /** In milliseconds. */
  readonly linger: number;
  /** How long a collector may take to say that it is there, in milliseconds. */
  readonly timeout: number;
  readonly onStatus: ((status: OtlpStatus) => void) | undefined;
}

/** The first pause after which it is tried again, and the longest of ours, in milliseconds. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;
/** About how many bytes a record has beside those of its entry. */
const RECORD_SIZE = 120;
/**
 * What it takes to say that an entry was cut, or that some before it were left out, and what lengths take
 * that have more digits.
 */
const FACT_SIZE = 96;
const DIGITS = 32;
/** So many parts of requests in a row are refused for good before it is not looked for the culprit. */
const MOST_REFUSED = 24;
/** Of how many segments what belongs to their records is kept. */
const MOST_SOURCES = 64;

/** A record on its way. What it is of may be another message by the time of the answer. */
interface Item {
  readonly record: OtlpLogRecord;
  readonly attempt: number;
  readonly ticket: number;
  readonly isGap: boolean;
  /** About how many bytes it takes. */
  readonly size: number;
}

/** What makes the records of a source, and the size of a request of one that is empty, in bytes. */
interface Maker {
  readonly records: OtlpRecords;
  readonly size: number;
}

/**
 * Sends records in requests, one after the other. While one is on its way the next is collected, so a
 * collector that is slow gets fewer and larger ones.
 */
export class OtlpSender implements Sender {
  readonly #options: OtlpSenderOptions;
  readonly #answers: Answers;
  readonly #closing = new AbortController();
  readonly #makers = new Map<LogSource, Maker>();
  #isConnected = true;
  #batch: Item[] = [];
  #batchBytes = 0;
  #attempt = -1;
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;
  /** Ends the request that is on its way. */
  #flight: AbortController | undefined;
  #pause = FIRST_PAUSE;
  #refusedInARow = 0;

  private constructor(options: OtlpSenderOptions, answers: Answers) {
    this.#options = options;
    this.#answers = answers;
  }

  /**
   * Waits for the collector.
   *
   * @throws {CollectorRefusedError} if it does not let us in, or there is another server
   * @throws {DOMException} the reason of `signal`
   */
  static async open(
    options: OtlpSenderOptions,
    answers: Answers,
    signal: AbortSignal | undefined,
  ): Promise<OtlpSender> {
    const sender = new OtlpSender(options, answers);
    try {
      using _linked = abortWith(sender.#closing, signal);
      await sender.#reach("retrying");
    } catch (error) {
      await sender.close();
      signal?.throwIfAborted();
      throw error;
    }
    return sender;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  mostBytes({ source, cutFrom, filtered }: Outgoing): number {
    const most = this.#options.maxBatchBytes - this.#makerOf(source).size;
    return most - FACT_SIZE * (Number(cutFrom !== undefined) + Number(filtered > 0));
  }

  send(message: Outgoing): void {
    if (this.#closing.signal.aborted) return;
    const { attempt, ticket, reason } = message;
    const size = message.size + RECORD_SIZE;
    // What an earlier attempt has left is sent again.
    if (attempt !== this.#attempt) this.#forget();
    this.#attempt = attempt;
    const { maxBatch, maxBatchBytes, linger } = this.#options;
    if (this.#batchBytes + size > maxBatchBytes) this.#depart();
    this.#batch.push({
      record: this.#recordOf(message),
      ...{ attempt, ticket, isGap: reason !== undefined, size },
    });
    this.#batchBytes += size;
    if (this.#batch.length >= maxBatch || this.#batchBytes >= maxBatchBytes) this.#depart();
    else this.#lingerTimer ??= setTimeout(() => this.#depart(), linger);
  }

  checkAlive(): Promise<void> {
    // No answer for so long: whatever is in between, another connection may fare better.
    this.#forget();
    this.#flight?.abort();
    this.#options.client.disconnect();
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#closing.abort();
    this.#forget();
    this.#flight?.abort();
    this.#options.client.disconnect();
    return Promise.resolve();
  }

  #recordOf(message: Outgoing): OtlpLogRecord {
    const { source, from: sequenceNumber, to, reason, bytes, time, cutFrom, filtered } = message;
    const { records } = this.#makerOf(source);
    return reason === undefined
      ? records.ofEntry(bytes, { sequenceNumber, time, cutFrom, filtered })
      : records.ofGap({ from: sequenceNumber, to, reason, time, filtered });
  }

  #makerOf(source: LogSource): Maker {
    let maker = this.#makers.get(source);
    if (maker === undefined) {
      const records = new OtlpRecords(sourceResource(source, this.#options.resource));
      const facts = { sequenceNumber: Number.MAX_SAFE_INTEGER, time: Date.now() };
      const empty = records.ofEntry(new Uint8Array(0), facts);
      const size = this.#options.encoder.encode([empty]).length + DIGITS;
      if (this.#makers.size >= MOST_SOURCES) this.#makers.clear();
      this.#makers.set(source, maker = { records, size });
    }
    return maker;
  }

  #forget(): void {
    clearTimeout(this.#lingerTimer);
    this.#lingerTimer = undefined;
    this.#batch = [];
    this.#batchBytes = 0;
  }

  /** Sends what there is, unless a request is on its way: then after that. */
  #depart(): void {
    if (this.#flight !== undefined || this.#batch.length === 0) return;
    const requests = this.#requestsOf(this.#batch);
    this.#forget();
    const flight = this.#flight = new AbortController();
    this.#deliver(requests, flight.signal).finally(() => {
      this.#flight = undefined;
      this.#depart();
    });
  }

  /** More than one if it was collected while another was on its way. */
  #requestsOf(items: readonly Item[]): Item[][] {
    const { maxBatch, maxBatchBytes } = this.#options;
    const requests: Item[][] = [];
    let bytes = Infinity;
    for (const item of items) {
      const last = requests.at(-1);
      if (last !== undefined && last.length < maxBatch && bytes + item.size <= maxBatchBytes) {
        last.push(item);
        bytes += item.size;
      } else {
        requests.push([item]);
        bytes = item.size;
      }
    }
    return requests;
  }

  /** Sends the requests of these items, until one must wait or is lost. Does not throw. */
  async #deliver(requests: Item[][], signal: AbortSignal): Promise<void> {
    const { client, encoder, url } = this.#options;
    while (requests.length > 0 && !signal.aborted) {
      const items = requests.shift()!;
      let verdict: Verdict;
      try {
        const body = encoder.encode(items.map(({ record }) => record));
        const answer = await client.post(body, signal);
        if (signal.aborted) return;
        verdict = verdictOf(answer, url);
        if (verdict.kind === "taken") this.#taken(items, encoder.rejectionIn(answer.body));
      } catch (error) {
        if (!signal.aborted) this.#lost(error as Error);
        return;
      }
      if (verdict.kind === "failed") return this.#answers.failed(verdict.error);
      if (verdict.kind === "later") {
        const { description } = verdict;
        const pause = Math.max(verdict.pause ?? 0, this.#nextPause());
        for (const { attempt, ticket } of [items, ...requests].flat()) {
          this.#answers.refused(attempt, ticket, { kind: "later", description, pause });
        }
        return;
      }
      if (verdict.kind !== "taken") requests.unshift(...this.#refused(items, verdict));
    }
  }

  #taken(items: readonly Item[], rejection: Rejection | undefined): void {
    this.#pause = FIRST_PAUSE;
    this.#refusedInARow = 0;
    // It must not be sent again, and which ones they are is not known.
    if (rejection !== undefined) {
      const { count, description } = rejection;
      this.#answers.rejected(Math.min(count, items.length), description || "without a reason");
    }
    for (const { attempt, ticket } of items) this.#answers.acknowledged(attempt, ticket, false);
  }

  /**
   * A request is too large, or never taken: gives the two halves of it, to be tried instead, so that
   * one bad entry costs itself and no other. Where nothing is taken, it costs all.
   */
  #refused(items: readonly Item[], { kind, description }: Never): Item[][] {
    const isHopeless = kind === "never" && ++this.#refusedInARow > MOST_REFUSED;
    if (items.length > 1 && !isHopeless) {
      const half = items.length >> 1;
      return [items.slice(0, half), items.slice(half)];
    }
    const [{ attempt, ticket, isGap }] = items;
    if (items.length === 1 && !isGap && !isHopeless) {
      // What comes in its place says so, at the other side, too.
      this.#answers.refused(attempt, ticket, { kind, description });
    } else {
      this.#answers.rejected(items.length, description);
      for (const { attempt, ticket } of items) this.#answers.acknowledged(attempt, ticket, false);
    }
    return [];
  }

  /** There was no answer: everything is sent again when there is a collector. */
  #lost(error: Error): void {
    if (error instanceof CollectorRefusedError) return this.#answers.failed(error);
    this.#isConnected = false;
    this.#forget();
    this.#options.client.disconnect();
    try {
      this.#say("disconnected", error);
    } catch (thrown) {
      return this.#answers.failed(thrown);
    }
    this.#answers.disconnected();
    this.#reach("disconnected").then(
      () => this.#answers.connected(),
      (error) => {
        if (!this.#closing.signal.aborted) this.#answers.failed(error);
      },
    );
  }

  /**
   * Waits until there is a collector that takes requests: asks with an empty one.
   *
   * @throws what `onStatus` throws
   */
  async #reach(what: "retrying" | "disconnected"): Promise<void> {
    const { client, encoder, url, timeout } = this.#options;
    const { signal } = this.#closing;
    const nothing = encoder.encode([]);
    for (let isFirst = what === "retrying";; isFirst = false) {
      if (!isFirst) await delay(this.#nextPause(), { signal });
      let error: Error;
      try {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
        const verdict = verdictOf(await client.post(nothing, limit), url);
        if (verdict.kind === "failed") throw verdict.error;
        if (verdict.kind !== "later") break;
        error = new Error(verdict.description);
        if (verdict.pause !== undefined) await delay(verdict.pause, { signal });
      } catch (caught) {
        if (signal.aborted || caught instanceof CollectorRefusedError) throw caught;
        client.disconnect();
        error = caught as Error;
      }
      this.#say(what, error);
    }
    this.#pause = FIRST_PAUSE;
    this.#isConnected = true;
    this.#say("connected");
  }

  /** Grows, and is never the same for many forwarders that lost the same collector. */
  #nextPause(): number {
    const pause = this.#pause * (0.5 + Math.random());
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
    return pause;
  }

  #say(type: OtlpStatus["type"], error?: Error): void {
    const server = this.#options.url.host;
    this.#options.onStatus?.({ type, server, ...error !== undefined && { error } });
  }
}
