/**
 * Forwarding a log to a stream of NATS JetStream.
 *
 * @module
 */

import { hostname } from "node:os";
import { CorruptStateError } from "../../../errors.ts";
import { checkCursor, type Cursor, isCursorOf } from "../../../log/native/cursor.ts";
import type { ShmLogReader } from "../../../log/native/shm_log_reader.ts";
import { NatsLink } from "./connect.ts";
import { checkForwardOptions, type ForwardOptions } from "./forward_options.ts";
import { Forwarding } from "../../forwarding.ts";
import { laneOf, routeOf } from "../../lane.ts";
import { StateFile } from "../../state_file.ts";
import { prepareStream } from "./stream.ts";
import { DEFAULT_SUBJECT, subjectFilter } from "./subject.ts";
import { abortable } from "../../../async.ts";
import { pickOptions } from "../../../base/options.ts";
import { natsChecks, type NatsOptions } from "./nats_options.ts";

/**
 * Forwards a log: what is there, and what comes, each entry as a message of a JetStream stream. It goes
 * on until `close()`, through everything that happens to the server, the network and the writer; what
 * could not be sent before it was overwritten is in the stream as a gap.
 *
 * The reader is only read here from now on, and stays open. Open it with `strategy: "oldest"`, or begin
 * at a place of your own with `after`.
 *
 * @param reader the log
 * @returns when the stream is found and the forwarding has begun. While there is no server, it waits
 * @throws {NatsRefusedError} if the server does not let us in
 * @throws {StreamUnusableError} if there is no JetStream, no such stream, or it takes other subjects
 * @throws {StateLockedError} if another forwarder has the state file
 * @throws {CorruptStateError} if the state file is none
 * @throws {PackageMissingError} if the client of NATS is not installed
 * @throws {ClosedError} if a `link` is given that is closed
 * @throws {RangeError} if a number or a name is not usable, or the state file is of another stream or
 * subject
 * @throws {TypeError} if there is no such choice
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
  const { subject = DEFAULT_SUBJECT, host = hostname(), signal, domain, createStream } = options;
  const { encoder } = laneOf(reader, host, subject);
  // First what can be wrong here, then what takes a server.
  const state = options.state === undefined ? undefined : StateFile.open(options.state);
  let link = options.link;
  try {
    const found = state && placeIn(state, routeOf(options.stream, subject, encoder));
    const cursor = found?.cursor;
    const isSame = cursor !== undefined && isCursorOf(cursor, reader.position);
    const rewinds = isSame ? found!.rewinds : 0;
    link ??= await NatsLink.open({ ...pickOptions<NatsOptions>(options, natsChecks), signal });
    const create = createStream === undefined || createStream === false ? undefined : {
      ...createStream === true ? {} : createStream,
      subjects: createStream === true || createStream.subjects === undefined
        ? [subjectFilter(subject)]
        : createStream.subjects,
    };
    const preparing = prepareStream(link, options.stream, [encoder.subject], {
      signal,
      ...create && { create },
      ...domain !== undefined && { domain },
    });
    // A server that stands still is asked for seconds.
    const { maxMessageSize } = await abortable(preparing, signal);
    return await Forwarding.start({
      ...{ reader, options, host, subject, link, state, cursor, rewinds, maxMessageSize },
    });
  } catch (error) {
    state?.close();
    if (link !== options.link) await link?.close();
    throw error;
  }
}

/** What the state file says, if it is of this route. */
function placeIn(
  state: StateFile,
  wanted: string,
): { cursor: Cursor; rewinds: number } | undefined {
  if (state.value === undefined) return undefined;
  const { route, cursor, rewinds = 0 } = Object(state.value);
  if (route !== wanted) {
    throw new RangeError(
      `state file ${state.path} was kept for another log, host, stream or subject`,
    );
  }
  try {
    checkCursor(cursor);
  } catch (error) {
    throw new CorruptStateError(`state file ${state.path}: ${(error as Error).message}`);
  }
  return { cursor, rewinds: Number.isSafeInteger(rewinds) ? rewinds : 0 };
}
