/**
 * A log to a collector of OpenTelemetry, or to whatever takes OTLP over HTTP: {@linkcode forward} sends
 * what is written to a log, each entry as a log record.
 *
 * It needs the packages `@opentelemetry/otlp-transformer` and `@opentelemetry/api`, also on Deno and Bun,
 * unless `protocol` is `"http/json"`.
 *
 * What a record is, what is promised, and recipes: the guide `src/guides/machines.md`.
 *
 * @example
 * ```typescript
 * import { ShmLogReader } from "@ouroboros/log";
 * import { forward } from "@ouroboros/log/otlp";
 *
 * using reader = await ShmLogReader.waitFor("/app", { strategy: "oldest", onDamage: "skip" });
 * await using forwarding = await forward(reader, {
 *   url: "https://collector.example:4318",
 *   headers: { authorization: `Bearer ${"secret"}` },
 *   state: "/var/lib/app/otlp.state",
 *   onGap: ({ from, to, reason }) => console.warn(`entries ${from} to ${to}: ${reason}`),
 * });
 * await forwarding.done; // or close() it
 * ```
 *
 * @module
 */

export {
  ClosedError,
  CollectorRefusedError,
  CorruptLogError,
  CorruptStateError,
  type ErrorCode,
  NativeUnavailableError,
  OuroborosError,
  OverrunError,
  PackageMissingError,
  PermissionDeniedError,
  SegmentNotFoundError,
  SegmentTruncatedError,
  StateLockedError,
  SystemCallError,
  UnsupportedLogError,
} from "../../../errors.ts";
export { forward, type ForwardOptions } from "./forward.ts";
export type { OtlpOptions, OtlpProtocol, OtlpStatus, OtlpTlsOptions } from "./otlp_options.ts";
export type { ForwardStats, ForwardTrouble, ShipOptions } from "../../forward_options.ts";
export type { Forwarding } from "../../forwarding.ts";
export type { GapMessage, GapReason, LogSource } from "../../message.ts";
