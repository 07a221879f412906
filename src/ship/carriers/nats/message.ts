/**
 * What a log's entry is as a message of NATS JetStream. What must be the same on both sides is here and
 * in `subject.ts`, and only there.
 *
 * ```text
 * subject  logs.web-1.app                              {host} and {name} as one token each
 * headers  Nats-Msg-Id: yF0tXkq3Wm9+aZ2P               can't be guessed: see message_encoder.ts
 *          Ouroboros-Seq: 4711                         the number of the entry
 *          Ouroboros-Time: 1795280400000               when it was read, in ms since 1970
 *          Ouroboros-Host: web-1                       as it is; what no header can carry, as %XX
 *          Ouroboros-Name: /app
 *          Ouroboros-Segment: 1a-2b07-640f5e3c         device, inode, time of creation, in hex
 *          Ouroboros-Truncated: 70000                  bytes it had, where it was cut
 *          Ouroboros-Filtered: 37                      entries before it that were left out on purpose
 * payload  the bytes of the entry
 *
 * and of entries that nobody gets, a gap:
 *
 * headers  Ouroboros-Gap: 5000-5999                    instead of Ouroboros-Seq
 *          Nats-Msg-Id, Ouroboros-Time, -Host, …       as above
 * payload  {"gap":{"from":5000,"to":5999,"count":1000,"reason":"overwritten"}}
 * ```
 *
 * @module
 */

import { GAP_REASONS, type GapReason, type LogMessage } from "../../message.ts";

/** The headers, by name. */
export const HEADERS = {
  id: "Nats-Msg-Id",
  sequenceNumber: "Ouroboros-Seq",
  gap: "Ouroboros-Gap",
  time: "Ouroboros-Time",
  host: "Ouroboros-Host",
  name: "Ouroboros-Name",
  segment: "Ouroboros-Segment",
  truncated: "Ouroboros-Truncated",
  filtered: "Ouroboros-Filtered",
} as const;

/** Text that a header can carry: what is not printable ASCII, and `%`, becomes %XX of its UTF-8. */
export function headerText(text: string): string {
  const isPlain = /^[!-$&-~]*$/.test(text);
  if (isPlain) return text;
  let safe = "";
  for (const byte of new TextEncoder().encode(text)) {
    safe += byte > 0x20 && byte < 0x7f && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return safe;
}

/** The text again; `undefined` if no `headerText` made it. */
export function textOfHeader(value: string): string | undefined {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/**
 * What a message says; `undefined` if it is not one of ours, or makes no sense: a stream may hold
 * what others publish. For consumers of your own; `receive()` does more: order, duplicates, holes.
 *
 * @param headers the message's headers: what the client gives
 * @param payload its bytes, which are not copied
 *
 * @example
 * ```ts
 * import { decodeMessage } from "@ouroboros/log/nats";
 *
 * const headers: Record<string, string> = {
 *   "Ouroboros-Seq": "4711",
 *   "Ouroboros-Host": "web-1",
 *   "Ouroboros-Name": "/app",
 *   "Ouroboros-Segment": "1a-2b07-640f5e3c",
 * };
 * const message = decodeMessage({ get: (name) => headers[name] ?? "" }, new Uint8Array([104, 105]));
 * if (message?.kind === "entry") {
 *   console.log(message.name, message.sequenceNumber, new TextDecoder().decode(message.payload)); // /app 4711 hi
 * }
 * ```
 */
export function decodeMessage(
  headers: { get(name: string): string } | undefined,
  payload: Uint8Array,
): LogMessage | undefined {
  if (headers === undefined) return undefined;
  const segment = headers.get(HEADERS.segment);
  const host = textOfHeader(headers.get(HEADERS.host));
  const name = textOfHeader(headers.get(HEADERS.name));
  if (!host || !name || !/^[0-9a-f]+-[0-9a-f]+-[0-9a-f]+$/.test(segment)) return undefined;
  const time = wholeNumber(headers.get(HEADERS.time)) ?? 0;
  const source = { host, name, segment };
  const before = wholeNumber(headers.get(HEADERS.filtered)) ?? 0;
  const filtered = before > 0 && { filtered: before };
  const gap = headers.get(HEADERS.gap);
  if (gap !== "") {
    const [from, to, ...others] = gap.split("-").map((text) => wholeNumber(text) ?? 0);
    if (others.length > 0 || !(from > before) || !(to >= from)) return undefined;
    return {
      kind: "gap",
      ...source,
      from,
      to,
      count: to - from + 1,
      reason: reasonIn(payload),
      time,
      ...filtered,
    };
  }
  const sequenceNumber = wholeNumber(headers.get(HEADERS.sequenceNumber));
  if (!sequenceNumber || sequenceNumber <= before) return undefined;
  const truncatedFrom = wholeNumber(headers.get(HEADERS.truncated));
  return {
    kind: "entry",
    ...source,
    sequenceNumber,
    time,
    payload,
    ...truncatedFrom !== undefined && { truncatedFrom },
    ...filtered,
  };
}

function wholeNumber(text: string): number | undefined {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** The reason in a gap's payload; that it is a gap is known by then, so any reason will do. */
function reasonIn(payload: Uint8Array): GapReason {
  try {
    const reason = JSON.parse(new TextDecoder().decode(payload))?.gap?.reason;
    if (GAP_REASONS.includes(reason)) return reason;
  } catch {
    // What is not ours to read.
  }
  return "overwritten";
}
