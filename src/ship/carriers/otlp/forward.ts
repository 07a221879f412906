/**
 * Forwarding a log to a collector of OpenTelemetry.
 *
 * @module
 */

import { checkOptions, type Checks } from "../../../base/options.ts";
import type { ShmLogReader } from "../../../log/native/shm_log_reader.ts";
import type { SendCarrier } from "../../carrier.ts";
import { shipChecks, type ShipOptions } from "../../forward_options.ts";
import { Forwarding } from "../../forwarding.ts";
import { otlpEncoder } from "./encoder.ts";
import { HttpClient } from "./http_client.ts";
import { endpointOf, otlpChecks, type OtlpOptions } from "./otlp_options.ts";
import { OtlpSender } from "./otlp_sender.ts";

/** How a log is forwarded to a collector. */
export interface ForwardOptions extends ShipOptions, OtlpOptions {
  /** How long an answer may take, in milliseconds. Default 10000. */
  ackTimeout?: number;
}

const forwardChecks: Checks<ForwardOptions> = { ...shipChecks, ...otlpChecks };
/** How long an answer may take, in milliseconds, as the specification has it. */
const TIMEOUT = 10_000;

/**
 * Checks the options.
 *
 * @throws {RangeError} if a number or an address is not usable
 * @throws {TypeError} if an option is not one of its values
 */
export function checkForwardOptions(options: ForwardOptions): void {
  checkOptions("forward()", options, forwardChecks);
  endpointOf(options.url);
}

/**
 * Forwards a log to a collector of OpenTelemetry: what is there, and what comes, each entry as a log
 * record. It continues until `close()`, through everything that happens to the collector, the network
 * and the writer. What could not be sent before it was overwritten is a record that says so.
 *
 * A record may be sent twice: it has the same `ouroboros.log`, `ouroboros.segment` and `ouroboros.seq`.
 *
 * The reader is only read here from now on, and stays open. Open it with `strategy: "oldest"`, or begin
 * at a place of your own with `after`.
 *
 * @param reader the log
 * @returns when the collector is there and the forwarding has begun. Until then it waits
 * @throws {CollectorRefusedError} if it does not let us in, or the address is that of another server
 * @throws {PackageMissingError} if the package for protobuf is not installed
 * @throws {StateLockedError} if another forwarder has the state file
 * @throws {CorruptStateError} if the file is not a state file
 * @throws {RangeError} if a number or an address is not usable, or the state file is of another one
 * @throws {TypeError} if an option is not one of its values
 * @throws {DOMException} the reason of `signal` when it is aborted before all that
 *
 * @example
 * ```typescript
 * import { ShmLogReader } from "@ouroboros/log";
 * import { forward } from "@ouroboros/log/otlp";
 *
 * using reader = await ShmLogReader.waitFor("/app", { strategy: "oldest", onDamage: "skip" });
 * await using forwarding = await forward(reader, {
 *   url: "http://127.0.0.1:4318",
 *   state: "/var/lib/app/otlp.state",
 * });
 * await forwarding.done;
 * ```
 */
export async function forward(reader: ShmLogReader, options: ForwardOptions): Promise<Forwarding> {
  checkForwardOptions(options);
  const all = { ackTimeout: TIMEOUT, ...options };
  return await Forwarding.start(reader, all, otlpCarrier(all));
}

export function otlpCarrier(options: ForwardOptions): SendCarrier {
  const { headers = {}, protocol = "http/protobuf", compression = "gzip", tls = {} } = options;
  const { resource = {}, linger = 100, onStatus, ackTimeout: timeout = TIMEOUT } = options;
  const { maxInFlight = 4096, maxInFlightBytes = 4 << 20 } = options;
  const { maxBatch = 2048, maxBatchBytes = 1 << 20 } = options;
  const url = endpointOf(options.url);
  return {
    route: ["otlp", url.href],
    // Any name is an attribute.
    checkSource: () => {},
    async open(answers, _secret, _source, signal) {
      const encoder = await otlpEncoder(protocol);
      const { contentType } = encoder;
      const client = new HttpClient({ url, headers, contentType, compression, tls });
      return await OtlpSender.open(
        {
          ...{ url, client, encoder, resource, linger, timeout, onStatus },
          // While one is on its way the next is collected: more is not there to be collected.
          maxBatch: Math.min(maxBatch, Math.ceil(maxInFlight / 2)),
          maxBatchBytes: Math.max(1024, Math.min(maxBatchBytes, Math.ceil(maxInFlightBytes / 2))),
        },
        answers,
        signal,
      );
    },
  };
}
