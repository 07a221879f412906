/**
 * Logs of many machines, in a stream of NATS JetStream: {@linkcode forward} sends what is written to a
 * log, {@linkcode receive} gives it on other machines, and {@linkcode receiveInto} writes it into a log
 * there.
 *
 * ```text
 *  writer ──▶ log in shared memory ──▶ forward() ──▶ nats-server ──▶ receive() ──▶ you, or a log there
 *             a few seconds of it                    as much as      many of them
 *             while the server is away               you allow
 * ```
 *
 * It needs the packages `@nats-io/transport-node` and `@nats-io/jetstream`, also on Deno and Bun, and a
 * server of version 2.9 or newer with JetStream (`nats-server -js`).
 *
 * What is promised, what is not, what a message is, which permissions to set in the server, and how
 * much ten thousand machines need: the guide `src/guides/machines.md`.
 *
 * @example
 * ```typescript
 * import { ShmLogReader } from "@ouroboros/log";
 * import { forward } from "@ouroboros/log/nats";
 *
 * using reader = await ShmLogReader.waitFor("/app", { strategy: "oldest", onDamage: "skip" });
 * await using forwarding = await forward(reader, {
 *   servers: "nats://10.0.0.7:4222",
 *   stream: "LOGS",
 *   createStream: { maxBytes: 50 * 2 ** 30 },
 *   state: "/var/lib/app/forward.state",
 *   onGap: ({ from, to, reason }) => console.warn(`entries ${from} to ${to}: ${reason}`),
 * });
 * await forwarding.done; // or close() it
 * ```
 *
 * @module
 */

export {
  ClosedError,
  CorruptLogError,
  CorruptStateError,
  type ErrorCode,
  NativeUnavailableError,
  NatsRefusedError,
  NoSpaceError,
  OuroborosError,
  OverrunError,
  PackageMissingError,
  PermissionDeniedError,
  SegmentExistsError,
  SegmentNotFoundError,
  SegmentTruncatedError,
  StateLockedError,
  StreamUnusableError,
  SystemCallError,
  UnsupportedLogError,
  WriterLockedError,
} from "../../../errors.ts";
export { NatsLink, type NatsOptions, type NatsStatus, type NatsTlsOptions } from "./connect.ts";
export { forward, type ForwardOptions } from "./forward.ts";
export type { ForwardStats, ForwardTrouble, ShipOptions } from "../../forward_options.ts";
export type { Forwarding } from "../../forwarding.ts";
export { decodeMessage } from "./message.ts";
export type { EntryMessage, GapMessage, GapReason, LogMessage, LogSource } from "../../message.ts";
export type { NewStreamOptions } from "./stream.ts";
export { type EntryOrigin, type MissingEntries, Origins } from "../../origins.ts";
export { receive, receiveInto, type ReceiveIntoOptions, type ReceiveOptions } from "./receive.ts";
export type { StreamOptions } from "./consumer_place.ts";
export type { IntoFound, IntoOptions, IntoSummary } from "../../receive_into.ts";
export {
  type MissingReason,
  ReceivedEntry,
  ReceivedGap,
  type ReceivedItem,
  type ReceiveSummary,
} from "../../received.ts";
export type { Reception, ReceptionOptions } from "../../reception.ts";
