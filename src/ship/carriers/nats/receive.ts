/**
 * Logs of many machines, out of a stream of NATS JetStream.
 *
 * @module
 */

import { hostname } from "node:os";
import { crc32 } from "node:zlib";
import {
  anything,
  checkOptions,
  type Checks,
  flag,
  integer,
  oneOf,
  pickOptions,
  signal,
  text,
} from "../../../base/options.ts";
import { type LogTarget, placeOf } from "../../../log/native/target.ts";
import type { ReceiveCarrier } from "../../carrier.ts";
import type { LogSource } from "../../message.ts";
import { intoChecks, type IntoOptions, type IntoSummary, writeInto } from "../../receive_into.ts";
import { Reception, type ReceptionOptions } from "../../reception.ts";
import { NatsLink } from "./connect.ts";
import { checkName, natsChecks, type NatsOptions } from "./nats_options.ts";
import type { StreamOptions } from "./consumer_place.ts";
import { NatsReceiver } from "./nats_receiver.ts";
import { subjectOf, subjectToken } from "./subject.ts";

/** What to receive, and from where. */
export interface ReceiveOptions extends NatsOptions, StreamOptions, ReceptionOptions {
  /** A connection to use, and to leave open, instead of one of our own. */
  link?: NatsLink;
}

/** What to receive, from where, and how the local log is made. */
export interface ReceiveIntoOptions extends Omit<ReceiveOptions, "state">, IntoOptions {
  /**
   * The name of the durable consumer. Default: made of the names of this machine, of the local log and
   * of the subject.
   */
  consumer?: string;
}

const fromWord = oneOf("oldest", "new");

const receiveChecks: Checks<ReceiveOptions> = {
  ...natsChecks,
  link: anything,
  stream: (_name, value) => checkName("stream", value),
  subject: subjectCheck,
  template: (name, value) => {
    text(name, value);
    subjectOf(value as string, { host: "host", name: "name", segment: "0-0-0" });
  },
  consumer: (_name, value) => checkName("consumer", value),
  state: text,
  from(name, value) {
    if (typeof value !== "object" || value === null) return fromWord(name, value);
    integer(1)("from.streamSequence", Object(value).streamSequence);
  },
  follow: flag,
  domain: (_name, value) => checkName("domain", value),
  signal,
  maxHold: integer(0, undefined, "ms"),
  maxHeldMessages: integer(0),
  maxHeldBytes: integer(0, undefined, "bytes"),
  window: integer(1),
  maxSources: integer(1),
};

function subjectCheck(name: string, value: unknown): void {
  text(name, value);
  const subject = value as string;
  if (/^(?:[^\s.*>]+|\*)(?:\.(?:[^\s.*>]+|\*))*(?:\.>)?$|^>$/.test(subject)) return;
  throw new RangeError(`"${subject}" is not a subject: use tokens with "." between, "*", ">"`);
}

/**
 * Receives what forwarders have put into a stream: the entries of each log in their order, each once,
 * and a gap in the place of those that are missing. So entries and gaps of a log together are all
 * numbers, from 1 on unless `from` is later.
 *
 * With a `consumer` the server remembers what was handled; asking for the next item says so:
 * after a crash, what was not is given again. With a `state` file besides, what was handled is not given
 * again, even if the server does not know of it; `receiveInto()` needs no such file. A connection that
 * is lost comes back.
 *
 * @throws {RangeError} if a number or a name is not usable
 * @throws {TypeError} if an option has the wrong type, or there is a state file and no consumer
 *
 * @example
 * ```typescript
 * import { receive } from "@ouroboros/log/nats";
 *
 * const items = receive({ servers: "nats://127.0.0.1:4222", stream: "LOGS", consumer: "alarm" });
 * for await (const item of items) {
 *   const { host, name } = item.source;
 *   if (item.kind === "gap") console.log(`${host}${name}: ${item.count} missing: ${item.reason}`);
 *   else if (item.text.includes("ERROR")) console.log(`${host}${name}: ${item.text}`);
 * }
 * ```
 */
export function receive(options: ReceiveOptions): Reception {
  checkOptions("receive()", options, receiveChecks);
  checkName("stream", options.stream);
  if (options.state !== undefined && options.consumer === undefined) {
    throw new TypeError(
      "a state file is of use with a durable consumer only: name a consumer, too",
    );
  }
  return receptionOf(options);
}

/**
 * Receives into a local log, with their bytes as they are, what forwarders have put into a stream: the
 * entries of each log in their order, and each exactly once, even if this process is killed at any
 * moment and started again. Where they are from is in a second log beside it, `NAME.origin`, which
 * `ouroboros tail` and {@linkcode Origins} understand; there are the gaps, too. Both logs stay when it
 * ends.
 *
 * @param target the local log: a name like `"/all"`, or `{ path }` for a file
 * @returns what was received, when `signal` is aborted or, with `follow: false`, at the end
 * @throws {StreamUnusableError} if there is no such stream, or another receiver uses the consumer
 * @throws {NatsRefusedError} if the server does not let us in
 * @throws {WriterLockedError} if another process writes one of the two logs
 * @throws {OuroborosError} what {@linkcode ShmLogWriter.create} throws
 * @throws {RangeError} if a number or a name is not usable
 * @throws {TypeError} if an option has the wrong type
 *
 * @example
 * ```typescript
 * import { Origins, receiveInto } from "@ouroboros/log/nats";
 *
 * const signal = AbortSignal.timeout(60_000);
 * const { entries } = await receiveInto("/all", { stream: "LOGS", subject: "logs.>", signal });
 * using origins = Origins.open("/all");
 * console.log(entries, origins.of(1)?.source.host);
 * ```
 */
export async function receiveInto(
  target: LogTarget,
  options: ReceiveIntoOptions,
): Promise<IntoSummary> {
  const { state: _, ...checks } = receiveChecks;
  // Mistakes come to light before logs are made.
  checkOptions("receiveInto()", options, { ...checks, ...intoChecks });
  checkName("stream", options.stream);
  const consumer = options.consumer ?? consumerName(target, options.subject);
  return await writeInto(
    target,
    options,
    (lasts) => receptionOf({ ...options, consumer }, lasts),
  );
}

function receptionOf(
  options: ReceiveOptions,
  lasts?: Iterable<readonly [LogSource, number]>,
): Reception {
  const isOldest = (options.from ?? "oldest") === "oldest";
  return new Reception(natsReceiveCarrier(options), options, { isOldest, lasts });
}

export function natsReceiveCarrier(options: ReceiveOptions): ReceiveCarrier {
  const { stream, consumer = "", link: given } = options;
  return {
    place: { stream, consumer },
    async open(signal) {
      const link = given ??
        await NatsLink.open({ ...pickOptions<NatsOptions>(options, natsChecks), signal });
      const receiver = new NatsReceiver(link, options, given === undefined);
      await receiver.begin(signal);
      return receiver;
    },
  };
}

/** A name for what only this receiver uses. */
function consumerName(target: LogTarget, subject: string | undefined): string {
  const name = placeOf(target);
  const parts = ["ouroboros", hostname(), name, ...subject === undefined ? [] : [subject]];
  // What becomes a token may be the same for several: they must not share a place.
  const difference = crc32(JSON.stringify(parts)).toString(16);
  return `${parts.map(subjectToken).join("-").slice(0, 200)}-${difference}`;
}
