/**
 * Logs of many machines, in a stream of NATS JetStream: {@linkcode forward} sends what is written to a
 * log, {@linkcode receive} gives it on other machines. In between is a `nats-server`, which keeps it.
 *
 * ```text
 *  writer ──▶ log in shared memory ──▶ forward() ──▶ nats-server ──▶ receive() ──▶ you, or a log there
 *             a few seconds of it                    as much as      many of them
 *             while the server is away               you let it
 * ```
 *
 * It needs the packages `@nats-io/transport-node` and `@nats-io/jetstream`, also on Deno and Bun, and a
 * server of version 2.9 or newer with JetStream (`nats-server -js`).
 *
 * @example
 * ```typescript
 * import { ShmLogReader } from "@ouroboros/log";
 * import { forward } from "@ouroboros/log/nats";
 *
 * using reader = await ShmLogReader.waitFor("/app", { strategy: "lowest", onDamage: "skip" });
 * await using forwarding = await forward(reader, {
 *   servers: "nats://10.0.0.7:4222",
 *   stream: "LOGS",
 *   createStream: { maxBytes: 50 * 2 ** 30 },
 *   state: "/var/lib/app/forward.state",
 *   onGap: ({ from, to, reason }) => console.warn(`entries ${from} to ${to}: ${reason}`),
 * });
 * setInterval(() => console.log(forwarding.stats), 10_000);
 * await forwarding.done; // or close() it
 * ```
 *
 * On the command line it is `ouroboros forward /app --to nats://10.0.0.7 --stream LOGS`.
 *
 * ## What is promised
 *
 * - **What was written is in the stream as an entry, or as a gap**, which says which numbers are missing
 *   and why. Nobody has to take silence for completeness. This holds through `kill -9` of the forwarder
 *   (with a state file, or as long as the log reaches back), of the server, and of the writer, through
 *   networks that are cut or stand still, and streams that are full.
 * - **While the server is away, the log is the buffer.** It is not read until there is room again, and
 *   the writer never waits. What is overwritten meanwhile becomes a gap. A larger log bridges more.
 * - **Each entry once, in order, for who receives.** What is sent twice has the same `Nats-Msg-Id`, so
 *   the server drops it for two minutes (`duplicateWindow`), and receivers drop it always, by its
 *   number. In the stream itself an entry may stand behind later ones, if it was refused before them.
 * - **The place moves when the server has acknowledged**, not when something was sent. The state file is
 *   written each second, so after a `kill -9` up to a second is sent again, and dropped.
 * - **An entry that is too large stops nothing**: it becomes a gap, or is cut (`tooLarge`).
 *
 * ## What is not
 *
 * - What the server loses after it has acknowledged, is lost: one that has only one copy of a stream and
 *   loses its machine (by itself it writes to the disk every two minutes), and a stream that is full
 *   and forgets what is old. Receivers see the hole, and say so. A stream with a limit in bytes that
 *   refuses what is new drops some of the oldest when it becomes full (seen with version 2.9.10); with
 *   a limit in messages it does not.
 * - When the writer begins anew with another segment and nobody forwards at that moment, the end of the
 *   old one is gone, and its length unknown: `onTrouble` tells (`"replaced"`).
 * - A log in a file whose machine crashes may have lost entries that were forwarded already; the numbers
 *   are used again then, and receivers take the new entries for duplicates.
 *
 * ## A message
 *
 * ```text
 * subject  logs.web-1.app                              {host} and {name} as one token each
 * headers  Nats-Msg-Id: web-1/1a-2b07-640f5e3c/4711    host, segment, number
 *          Ouroboros-Seq: 4711                         or Ouroboros-Gap: 4711-4720
 *          Ouroboros-Time: 1795280400000               when it was read, in ms since 1970
 *          Ouroboros-Host: web-1
 *          Ouroboros-Name: /app                        what no header can carry is %XX
 *          Ouroboros-Segment: 1a-2b07-640f5e3c         device, inode, time of creation, in hex
 * payload  the bytes of the entry, or {"gap":{"from":4711,"to":4720,"count":10,"reason":"overwritten"}}
 * ```
 *
 * Any program that speaks NATS can read that: `nats sub 'logs.>' --headers-only`.
 *
 * ## How fast
 *
 * On two cores, with the server, its file and other work on the same machine: 94,000 entries of 100 bytes
 * a second on Deno, 105,000 on Bun, 83,000 on Node 26 (`bun bench/main.ts nats`). Of an entry the server
 * takes about 7 µs of a core, the forwarder 4 to 6: the cores are the limit. One promise a message, as
 * the client offers it, comes to 22,000 to 45,000. The writer of the log takes as long as without it.
 *
 * @module
 */

export { NatsLink, type NatsOptions, type NatsStatus, type NatsTlsOptions } from "./connect.ts";
export { forward } from "./forward.ts";
export type { ForwardOptions, ForwardStats, ForwardTrouble } from "./forward_options.ts";
export type { Forwarding } from "./forwarding.ts";
export {
  decodeMessage,
  type EntryMessage,
  type GapMessage,
  type GapReason,
  type LogMessage,
  type LogSource,
} from "./message.ts";
export type { NewStreamOptions } from "./stream.ts";
export { type EntryOrigin, type MissingEntries, Origins, readOrigins } from "./origins.ts";
export type {
  Intent,
  NumberedSource,
  OriginGap,
  OriginRecord,
  OriginRun,
  OriginTable,
} from "./origin.ts";
export { receive } from "./receive.ts";
export {
  type IntoFound,
  type IntoSummary,
  receiveInto,
  type ReceiveIntoOptions,
} from "./receive_into.ts";
export {
  type MissingReason,
  ReceivedEntry,
  ReceivedGap,
  type ReceivedItem,
  type ReceiveSummary,
} from "./received.ts";
export type { ReceiveOptions } from "./receive_options.ts";
export type { Reception } from "./reception.ts";
