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
