/**
 * Where `ouroboros forward` sends logs to, by its options: a stream of NATS JetStream, or a collector.
 *
 * @module
 */

import { decodeText } from "../../decode_text.ts";
import type { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import type { ForwardOptions } from "../../ship/carriers/nats/forward.ts";
import type { NewStreamOptions } from "../../ship/carriers/nats/stream.ts";
import type { ShipOptions } from "../../ship/forward_options.ts";
import type { Forwarding } from "../../ship/forwarding.ts";
import type { Where } from "../grep/where.ts";
import { inboxPrefixOf, type NatsCommandOptions, natsOptions } from "../nats/nats_options.ts";
import type { Place } from "../options/arguments.ts";
import { type OtlpCommandOptions, otlpOptions } from "../otlp/otlp_options.ts";

/** The options of the command. */
export interface ForwardCommandOptions extends NatsCommandOptions, OtlpCommandOptions {
  to?: string;
  stream?: string;
  subject: string;
  hostname?: string;
  state?: string;
  from: Place;
  once?: true;
  where?: Where;
  truncate?: true;
  createStream?: true;
  maxBytes?: number;
  maxAge?: number;
  replicas?: number;
  duplicates?: number;
  discard?: "old" | "new";
  domain?: string;
  maxInFlight?: number;
  summary: number;
}

/** Where logs are sent to. */
export interface Destination extends AsyncDisposable {
  forward(reader: ShmLogReader, options: ShipOptions): Promise<Forwarding>;
}

/** A stream of NATS: all logs share a connection. Of the two carriers one is loaded. */
export async function streamDestination(
  options: ForwardCommandOptions,
): Promise<(signal: AbortSignal) => Promise<Destination>> {
  const [{ checkForwardOptions, forward }, { NatsLink }] = await Promise.all([
    import("../../ship/carriers/nats/forward.ts"),
    import("../../ship/carriers/nats/connect.ts"),
  ]);
  const natsForward = streamOptions(options);
  checkForwardOptions({ ...shipOptions(options), ...natsForward });
  return async (signal) => {
    const link = await NatsLink.open({ ...natsOptions(options.to, options), signal });
    return {
      forward: (reader, ship) => forward(reader, { ...ship, ...natsForward, link }),
      [Symbol.asyncDispose]: () => link.close(),
    };
  };
}

/** A collector: each log has a connection. */
export async function collectorDestination(
  collector: string | URL,
  options: ForwardCommandOptions,
): Promise<(signal: AbortSignal) => Promise<Destination>> {
  const { checkForwardOptions, forward } = await import("../../ship/carriers/otlp/forward.ts");
  const otlp = otlpOptions(collector, options);
  checkForwardOptions({ ...shipOptions(options), ...otlp });
  return () =>
    Promise.resolve({
      forward: (reader, ship) => forward(reader, { ...ship, ...otlp }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
}

/** How a log is sent, wherever that is to; `logOf` names the one that an entry is from. */
export function shipOptions(
  options: ForwardCommandOptions,
  logOf?: (sequenceNumber: number) => string,
): ShipOptions {
  const { hostname, from, truncate, maxInFlight, where } = options;
  return {
    from: from === "latest" ? "oldest" : from,
    tooLarge: truncate ? "truncate" : "gap",
    ...where !== undefined && {
      select(bytes, sequenceNumber) {
        const text = decodeText(bytes);
        const log = where.asksLog ? logOf?.(sequenceNumber) : undefined;
        return where.test(recognizeRecord(text), text, log);
      },
    },
    ...hostname !== undefined && { host: hostname },
    ...maxInFlight !== undefined && { maxInFlight },
  };
}

function streamOptions(
  options: ForwardCommandOptions,
): Pick<ForwardOptions, "stream" | "subject" | "createStream" | "domain" | "inboxPrefix"> {
  const { stream = "", subject, domain } = options;
  const { maxBytes, maxAge, replicas, duplicates, discard } = options;
  const create: NewStreamOptions = {
    ...maxBytes !== undefined && { maxBytes },
    ...maxAge !== undefined && { maxAge },
    ...replicas !== undefined && { replicas },
    ...duplicates !== undefined && { duplicateWindow: duplicates },
    ...discard !== undefined && { discard },
  };
  return {
    stream,
    subject,
    ...options.createStream && { createStream: create },
    ...domain !== undefined && { domain },
    ...inboxPrefixOf(options),
  };
}
