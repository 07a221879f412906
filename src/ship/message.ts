/**
 * What is forwarded and received: an entry of a log, or the word that some are missing.
 *
 * A source is a host, a name and a segment. Within one the numbers grow without a hole, if entries,
 * gaps, and what both say was left out before them, are taken together.
 *
 * @module
 */

/** Why entries are not in the stream. */
export type GapReason =
  /** The writer of the log overtook the forwarder. */
  | "overwritten"
  /** The entry is larger than the server, or the stream, takes. */
  | "too large"
  /** The bytes in the log contradict its format: somebody else wrote into it. */
  | "damaged"
  /** The forwarder was to begin later than with the oldest entry. */
  | "not wanted"
  /** The other side takes messages, but never this one. */
  | "refused"
  /** The forwarder's `select` left them out: nothing was lost. */
  | "filtered"
  /** The log was resized: they were forwarded from the segment that it had before. Nothing was lost. */
  | "resized";

export const GAP_REASONS: readonly GapReason[] = [
  "overwritten",
  "too large",
  "damaged",
  "not wanted",
  "refused",
  "filtered",
  "resized",
];

/** Whether entries are lost that are missing for this reason. */
export function isLoss(reason: string): boolean {
  return reason !== "filtered" && reason !== "resized";
}

/** Where entries come from. */
export interface LogSource {
  /** The machine. */
  readonly host: string;
  /** The log: the name of its shared memory, with its `/`, or the path of its file. */
  readonly name: string;
  /** Which segment had that name: device, inode and time of creation in hex, with `-` between them. */
  readonly segment: string;
}

/** An entry as it comes out of a stream. */
export interface EntryMessage extends LogSource {
  /** It is an entry. */
  readonly kind: "entry";
  /** The number that it has in its log. */
  readonly sequenceNumber: number;
  /** When it was read out of its log, in milliseconds since 1970; 0 if that is not known. */
  readonly time: number;
  /** Its bytes. */
  readonly payload: Uint8Array;
  /** How many bytes it had, if it was cut. */
  readonly truncatedFrom?: number;
  /** How many entries directly before it the forwarder's `select` left out, if any. */
  readonly filtered?: number;
}

/** Entries that are in no message, and why. */
export interface GapMessage extends LogSource {
  /** It is a gap. */
  readonly kind: "gap";
  /** The number of the first one. */
  readonly from: number;
  /** The number of the last one. */
  readonly to: number;
  /** How many they are. */
  readonly count: number;
  /** Why they are missing. */
  readonly reason: GapReason;
  /** When that was found out, in milliseconds since 1970; 0 if that is not known. */
  readonly time: number;
  /** How many entries directly before it the forwarder's `select` left out, if any. */
  readonly filtered?: number;
}

/** What a message says. */
export type LogMessage = EntryMessage | GapMessage;

/** Whether something that was read is a source. */
export function isLogSource(value: unknown): value is LogSource {
  const { host, name, segment } = Object(value);
  return [host, name, segment].every((text) => typeof text === "string");
}

/** A source as a key: neither a host nor a segment has a line break. */
export function sourceKey({ host, name, segment }: LogSource): string {
  return `${host}\n${segment}\n${name}`;
}

/** A segment's identity as a word: device, inode and time of creation, in hex. */
export function segmentWord(
  { device, inode, created }: { device: number; inode: number; created: number },
): string {
  return [device, inode, created].map((number) => number.toString(16)).join("-");
}
