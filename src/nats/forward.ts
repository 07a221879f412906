/**
 * Forwarding a log to a stream of NATS JetStream.
 *
 * @module
 */

import { hostname } from "node:os";
import { CorruptStateError } from "../errors.ts";
import { checkCursor, type Cursor } from "../shm_log/cursor.ts";
import type { ShmLogReader } from "../shm_log/reader.ts";
import { NatsLink } from "./connect.ts";
import type { ForwardOptions } from "./forward_options.ts";
import { Forwarding, laneOf, routeOf } from "./forwarding.ts";
import { DEFAULT_SUBJECT, subjectFilter } from "./message.ts";
import { StateFile } from "./state_file.ts";
import { prepareStream } from "./stream.ts";

/** The most messages that may be on their way: for each there is an object. */
const MOST_IN_FLIGHT = 1 << 16;

/**
 * Forwards a log: what is there, and what comes, each entry as a message of a JetStream stream. It goes
 * on until `close()`, through everything that happens to the server, the network and the writer; what
 * could not be sent before it was overwritten is in the stream as a gap.
 *
 * The reader is only read here from now on, and stays open. Open it with `strategy: "lowest"`, or begin
 * at a place of your own with `after`.
 *
 * @param reader the log
 * @returns when the stream is found and the forwarding has begun. While there is no server, it waits
 * @throws {NatsRefusedError} if the server does not let us in
 * @throws {StreamUnusableError} if there is no JetStream, no such stream, or it takes other subjects
 * @throws {StateLockedError} if another forwarder has the state file
 * @throws {CorruptStateError} if the state file is none
 * @throws {PackageMissingError} if the client of NATS is not installed
 * @throws {RangeError} if an option has no sense, or the state file is of another stream or subject
 * @throws {DOMException} the reason of `signal` when it is aborted before all that
 *
 * @example
 * ```typescript
 * import { ShmLogReader } from "@ouroboros/log";
 * import { forward } from "@ouroboros/log/nats";
 *
 * using reader = await ShmLogReader.waitFor("/app", { strategy: "lowest", onDamage: "skip" });
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
  checkOptions(options);
  const { subject = DEFAULT_SUBJECT, host = hostname(), signal, domain, createStream } = options;
  const { encoder } = laneOf(reader, host, subject);
  // First what can be wrong here, then what takes a server.
  const state = options.state === undefined ? undefined : StateFile.open(options.state);
  let link = options.link;
  try {
    const cursor = state && cursorIn(state, routeOf(options.stream, subject, encoder));
    link ??= await NatsLink.open(options);
    const create = createStream === undefined || createStream === false ? undefined : {
      ...createStream === true ? {} : createStream,
      subjects: createStream === true || createStream.subjects === undefined
        ? [subjectFilter(subject)]
        : createStream.subjects,
    };
    const { maxMessageSize } = await prepareStream(link, options.stream, [encoder.subject], {
      signal,
      ...create && { create },
      ...domain !== undefined && { domain },
    });
    const parts = { reader, options, host, subject, link, state, cursor, maxMessageSize };
    return await Forwarding.start(parts);
  } catch (error) {
    state?.close();
    if (link !== options.link) await link?.close();
    throw error;
  }
}

/** What the state file says, if it is of this route. */
function cursorIn(state: StateFile, wanted: string): Cursor | undefined {
  if (state.value === undefined) return undefined;
  const { route, cursor } = Object(state.value);
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
  return cursor;
}

function checkOptions(options: ForwardOptions): void {
  const { maxInFlight = 1, maxInFlightBytes = 1, ackTimeout = 1, closeTimeout = 0 } = options;
  if (!Number.isInteger(maxInFlight) || maxInFlight < 1 || maxInFlight > MOST_IN_FLIGHT) {
    throw new RangeError(`maxInFlight is ${maxInFlight}, but must be from 1 to ${MOST_IN_FLIGHT}`);
  }
  for (const [name, value] of Object.entries({ maxInFlightBytes, ackTimeout })) {
    if (!(value >= 1)) throw new RangeError(`${name} is ${value}, but must be at least 1`);
  }
  if (!(closeTimeout >= 0)) throw new RangeError(`closeTimeout is ${closeTimeout}: less than 0`);
  const { tooLarge = "gap", start = "oldest", host } = options;
  if (!["gap", "truncate"].includes(tooLarge)) {
    throw new TypeError(`tooLarge is "${tooLarge}", but must be gap or truncate`);
  }
  if (!["oldest", "new"].includes(start)) {
    throw new TypeError(`start is "${start}", but must be oldest or new`);
  }
  if (host === "") throw new RangeError("host is empty");
}
