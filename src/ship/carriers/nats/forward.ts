/**
 * Forwarding a log to a stream of NATS JetStream.
 *
 * @module
 */

import { abortable } from "../../../async.ts";
import {
  anything,
  checkOptions,
  type Checks,
  flag,
  pickOptions,
  text,
} from "../../../base/options.ts";
import type { ShmLogReader } from "../../../log/native/shm_log_reader.ts";
import type { SendCarrier } from "../../carrier.ts";
import { shipChecks, type ShipOptions } from "../../forward_options.ts";
import { Forwarding } from "../../forwarding.ts";
import { NatsLink } from "./connect.ts";
import { checkName, natsChecks, type NatsOptions } from "./nats_options.ts";
import { NatsSender } from "./nats_sender.ts";
import { checkNewStream, type NewStreamOptions, prepareStream } from "./stream.ts";
import { DEFAULT_SUBJECT, subjectFilter, subjectOf } from "./subject.ts";

/** How a log is forwarded to a stream. */
export interface ForwardOptions extends ShipOptions, NatsOptions {
  /** The stream that takes the entries. */
  stream: string;
  /**
   * The subject, in which `{host}`, `{name}` and `{segment}` are replaced. Default
   * `"logs.{host}.{name}"`: entry 7 of `/app` on the machine `web-1` goes to `logs.web-1.app`.
   */
  subject?: string;
  /** Makes the stream if it is not there; one that is there stays as it is. Default `false`. */
  createStream?: boolean | NewStreamOptions;
  /** The domain of JetStream, where there are several. */
  domain?: string;
  /** A connection to share; it stays open at the end. Default: one for this forwarder alone. */
  link?: NatsLink;
}

const forwardChecks: Checks<ForwardOptions> = {
  ...natsChecks,
  ...shipChecks,
  stream: (_name, value) => checkName("stream", value),
  subject: text,
  createStream(name, value) {
    if (typeof value === "object") checkNewStream(value as NewStreamOptions);
    else flag(name, value);
  },
  domain: (_name, value) => checkName("domain", value),
  link: anything,
};

/**
 * Checks the options, but for what a connection needs.
 *
 * @throws {RangeError} if a number or a name is not usable
 * @throws {TypeError} if an option is not one of its values
 */
export function checkForwardOptions(options: ForwardOptions): void {
  checkOptions("forward()", options, forwardChecks);
  checkName("stream", options.stream);
}

/**
 * Forwards a log: what is there, and what comes, each entry as a message of a JetStream stream. It
 * continues until `close()`, through everything that happens to the server, the network and the writer.
 * What could not be sent before it was overwritten is in the stream as a gap.
 *
 * The reader is only read here from now on, and stays open. Open it with `strategy: "oldest"`, or begin
 * at a place of your own with `after`.
 *
 * @param reader the log
 * @returns when the stream is found and the forwarding has begun. While there is no server, it waits
 * @throws {NatsRefusedError} if the server does not let us in
 * @throws {StreamUnusableError} if there is no JetStream, no such stream, or it takes other subjects
 * @throws {StateLockedError} if another forwarder has the state file
 * @throws {CorruptStateError} if the file is not a state file
 * @throws {PackageMissingError} if the client of NATS is not installed
 * @throws {ClosedError} if a `link` is given that is closed
 * @throws {RangeError} if a number or a name is not usable, or the state file is of another stream or
 * subject
 * @throws {TypeError} if an option is not one of its values
 * @throws {DOMException} the reason of `signal` when it is aborted before all that
 *
 * @example
 * ```typescript
 * import { ShmLogReader } from "@ouroboros/log";
 * import { forward } from "@ouroboros/log/nats";
 *
 * using reader = await ShmLogReader.waitFor("/app", { strategy: "oldest", onDamage: "skip" });
 * await using forwarding = await forward(reader, {
 *   servers: "nats://127.0.0.1:4222",
 *   stream: "LOGS",
 *   createStream: { maxBytes: 10 * 2 ** 30 },
 *   state: "/var/lib/app/forward.state",
 * });
 * await forwarding.done;
 * ```
 */
export async function forward(reader: ShmLogReader, options: ForwardOptions): Promise<Forwarding> {
  checkForwardOptions(options);
  return await Forwarding.start(reader, options, natsCarrier(options));
}

export function natsCarrier(options: Omit<ForwardOptions, keyof ShipOptions>): SendCarrier {
  const { stream, subject = DEFAULT_SUBJECT, createStream, domain, inboxPrefix } = options;
  return {
    route: [stream, subject],
    checkSource: (source) => void subjectOf(subject, source),
    async open(answers, secret, source, signal) {
      const given = options.link;
      const link = given ??
        await NatsLink.open({ ...pickOptions<NatsOptions>(options, natsChecks), signal });
      try {
        const preparing = prepareStream(link, stream, [subjectOf(subject, source)], {
          signal,
          ...createStream && {
            create: {
              subjects: [subjectFilter(subject)],
              ...createStream === true ? {} : createStream,
            },
          },
          domain,
        });
        // A server that stands still is asked for seconds.
        const maxMessageSize = await abortable(preparing, signal);
        return await NatsSender.on(
          { link, ownsLink: link !== given, stream, subject, maxMessageSize, inboxPrefix, secret },
          answers,
        );
      } catch (error) {
        if (link !== given) await link.close();
        throw error;
      }
    },
  };
}
