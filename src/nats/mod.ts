/**
 * Logs of many machines, in a stream of NATS JetStream.
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
