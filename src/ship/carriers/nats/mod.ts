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
 * ## An example
 *
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
 * setInterval(() => console.log(forwarding.stats), 10_000);
 * await forwarding.done; // or close() it
 * ```
 *
 * And on another machine:
 *
 * ```typescript
 * import { receive } from "@ouroboros/log/nats";
 *
 * const servers = "nats://10.0.0.7:4222";
 * for await (const item of receive({ servers, stream: "LOGS", consumer: "archive" })) {
 *   if (item.kind === "gap") console.log(`${item.count} entries are missing: ${item.reason}`);
 *   else console.log(item.source.host, item.sequenceNumber, item.text);
 * }
 * ```
 *
 * {@linkcode receiveInto} writes them into a log there, each exactly once. On the command line these are
 * `ouroboros forward /app --to nats://10.0.0.7 --stream LOGS`, `receive`, `receive --into NAME`, and for
 * a look `tail -f nats://10.0.0.7/LOGS`.
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
 *   the server drops it for two minutes (`duplicateWindow`). What comes later than that, from a
 *   forwarder that was away for longer, is in the stream twice, and receivers drop it by its number:
 *   those that have seen the numbers before, or have a `state` file, and `receiveInto()`. In the stream
 *   itself an entry may stand behind later ones, if it was refused before them.
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
 * - A receiver with a `consumer` and no `state` file that is killed in the moment in which it makes its
 *   consumer anew (after a lost connection, or a kill before) begins where `start` says.
 * - A log in a file whose machine crashes may have lost entries that were forwarded already; the numbers
 *   are used again then. A forwarder with a state file sees that if it begins before the log is as long
 *   again: then it tells (`"replaced"`), and the log is another source from there on. Later, or without
 *   a state file, receivers take the new entries for duplicates.
 *
 * ## A message
 *
 * ```text
 * subject  logs.web-1.app                              {host} and {name} as one token each
 * headers  Nats-Msg-Id: yF0tXkq3Wm9_aZ2P               known to the forwarder alone, before it is sent
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
 * On two cores, with the server and its file on the same machine, entries of 100 bytes a second
 * (`bun bench/main.ts nats natsReceive`):
 *
 * | | Deno | Bun | Node 24 | Node 26 |
 * |---|--:|--:|--:|--:|
 * | `forward()` | 150,000 | 179,000 | 163,000 | 162,000 |
 * | the client alone, as many on their way | 190,000 | 209,000 | 192,000 | 198,000 |
 * | the client's promise a message | 32,000 | 76,000 | 36,000 | 48,000 |
 * | `receive()` | 171,000 | 98,000 | 154,000 | 178,000 |
 * | `receiveInto()` | 108,000 | 107,000 | 126,000 | 133,000 |
 *
 * The cores are the limit: 7 µs of one an entry in the server, 4 in the forwarder. The writer of the log
 * takes as long as without it.
 *
 * ## From one machine to a fleet
 *
 * How much it is for ten thousand machines that write a thousand entries of 100 bytes a second each,
 * with figures measured on one machine (`bun bench/fleet.ts`, whose options are your fleet and your
 * servers; it simulates an hour second by second):
 *
 * | ten thousand machines | |
 * |---|--:|
 * | entries | 10 million/s |
 * | into the cluster: 350 B an entry, of which 100 are its own | 3.5 GB/s |
 * | onto disks, three copies | 11.6 GB/s, 1 PB a day |
 * | a stream of three copies, at 62,000 entries/s | 62 machines |
 * | a server of 16 cores, at 16 µs of a core for an entry that it leads, 10 for one that it copies | 430 machines |
 * | a connection | 21 KiB of the server's memory |
 *
 * With 100 servers of 16 cores and 25 Gbit/s, 400 streams of three copies, and logs of 16 MiB, which
 * reach back 151 s: the fullest stream is at 71 % of what it can take, cores are at 26 %, disks at 13 %,
 * networks at 5 %. So streams break first: ten times the load for a minute loses 7 % of the entries of
 * that hour, and all of it is said. A server that is away costs the seconds until its streams have
 * another leader (5 to 7 with version 2.9, and as many again for receivers; the logs wait), which the
 * simulation leaves out. Two next to each other stop
 * the streams that have two copies there; their machines lose what ten minutes have more than 151 s.
 * When all are cut off for two minutes, nothing is lost, and five minutes later nobody waits.
 *
 * What follows from it:
 *
 * - **Subjects.** `logs.{host}.{name}` is one subject per log, so who wants one machine, or one
 *   program of all machines (`logs.*.app`), asks for just that. Nobody needs a stream per machine.
 * - **Streams.** A stream is written by one server, in order, so it is the first to be full: share
 *   the machines among many. Give each machine a number by the hash of its name
 *   (`--subject logs.7.{host}.{name}`, and a stream for `logs.7.>`): machines that move take their
 *   number along, and a stream that is full gets its own server without anybody's moving.
 * - **Copies.** Three copies survive the loss of any server, and cost the network between the servers
 *   twice what the machines send. With one copy a server that is away stops its streams, and the
 *   machines' own logs are the buffer.
 * - **Retention.** `--max-age` for people, `--max-bytes` for the disk: what comes first counts. With
 *   `discard: old` the stream forgets its oldest entries, and receivers say which; with `discard: new`
 *   the forwarder waits, and what its log forgets meanwhile is a gap record.
 * - **The log is the buffer.** It must reach back as long as the longest time without a server that
 *   you want to survive: see "How large" in `@ouroboros/log`. A minute costs 60 × rate × size of
 *   memory, on each machine, and nothing else.
 * - **Less is more.** Ten million entries a second are seldom read. Forward what is read (a log per
 *   level or purpose is cheap), and leave the flight recorder on its machine: who needs it asks for it
 *   (`ouroboros save`, then fetch the file).
 *
 * ## Other ways to ship
 *
 * Whoever has a pipeline keeps it. `ouroboros tail -f -o json` prints a line of JSON for each entry
 * (`{"seq":1,"text":"…"}`, or `base64` for what is no text), to be piped into any agent that reads its
 * standard input. With `--state` it goes on after a restart where it was.
 *
 * ```sh
 * ouroboros tail app -F -o json --state app.place | fluent-bit -i stdin -o http -p host=logs.example
 * ouroboros tail app -F -o json --state app.place | vector --config vector.yaml # sources: type: stdin
 * ```
 *
 * For a collector of OpenTelemetry no agent is needed, since OTLP is JSON over HTTP:
 *
 * ```ts
 * import { ShmLogReader } from "@ouroboros/log";
 *
 * // ship("app", "http://localhost:4318/v1/logs") sends what is in the log, and what comes.
 * export async function ship(name: string, url: string, signal?: AbortSignal): Promise<void> {
 *   using reader = ShmLogReader.open(name, { strategy: "oldest" });
 *   for await (const batch of reader.followBatches({ signal, maxEntries: 1000 })) {
 *     const now = `${Date.now()}000000`;
 *     const logRecords = batch.texts().map((text, i) => ({
 *       observedTimeUnixNano: now,
 *       body: { stringValue: text },
 *       attributes: [{ key: "seq", value: { intValue: String(batch.sequenceNumber(i)) } }],
 *     }));
 *     const resource = { attributes: [{ key: "service.name", value: { stringValue: name } }] };
 *     const body = JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] });
 *     const headers = { "content-type": "application/json" };
 *     // Until it is taken: the log is the buffer.
 *     for (let pause = 100; !signal?.aborted; pause = Math.min(2 * pause, 30_000)) {
 *       const answer = await fetch(url, { method: "POST", headers, body }).catch(() => undefined);
 *       if (answer?.ok) break;
 *       await new Promise((resolve) => setTimeout(resolve, pause));
 *     }
 *   }
 * }
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
export { type EntryOrigin, type MissingEntries, Origins, readOrigins } from "../../origins.ts";
export { receive, receiveInto, type ReceiveIntoOptions, type ReceiveOptions } from "./receive.ts";
export type { IntoFound, IntoOptions, IntoSummary } from "../../receive_into.ts";
export {
  type MissingReason,
  ReceivedEntry,
  ReceivedGap,
  type ReceivedItem,
  type ReceiveSummary,
} from "../../received.ts";
export type { Reception, ReceptionOptions } from "../../reception.ts";
