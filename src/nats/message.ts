/**
 * What a log's entry is as a message of NATS JetStream. Everything that must be the same on both
 * sides is here, and only here.
 *
 * ```text
 * subject  logs.web-1.app                              {host} and {name} as one token each
 * headers  Nats-Msg-Id: web-1/1a-2b07-640f5e3c/4711    host token / segment / number
 *          Ouroboros-Seq: 4711                         the number of the entry
 *          Ouroboros-Time: 1795280400000               when it was read, in ms since 1970
 *          Ouroboros-Host: web-1                       as it is; what no header can carry, as %XX
 *          Ouroboros-Name: /app
 *          Ouroboros-Segment: 1a-2b07-640f5e3c         device, inode, time of creation, in hex
 *          Ouroboros-Truncated: 70000                  bytes it had, where it was cut
 * payload  the bytes of the entry
 *
 * and of entries that nobody gets, a gap:
 *
 * headers  Nats-Msg-Id: web-1/1a-2b07-640f5e3c/gap/5000-5999
 *          Ouroboros-Gap: 5000-5999                    instead of Ouroboros-Seq
 *          Ouroboros-Time, -Host, -Name, -Segment      as above
 * payload  {"gap":{"from":5000,"to":5999,"count":1000,"reason":"overwritten"}}
 * ```
 *
 * A source is a host, a name and a segment: within one the numbers grow without a hole, if entries
 * and gaps are taken together.
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
  /** The forwarder was told to begin later than with the oldest entry. */
  | "not wanted";

const GAP_REASONS: readonly string[] = ["overwritten", "too large", "damaged", "not wanted"];

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
}

/** What a message says. */
export type LogMessage = EntryMessage | GapMessage;

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
} as const;

/** The subject where nothing else is said. */
export const DEFAULT_SUBJECT = "logs.{host}.{name}";

/** A host or a name as one token of a subject: `/app/v1.2` becomes `app_v1_2`. */
export function subjectToken(text: string): string {
  const token = text.replace(/^\//, "").replace(/[^A-Za-z0-9_-]/gu, "_");
  return token === "" ? "_" : token;
}

/**
 * The subject for a source: `{host}`, `{name}` and `{segment}` in the template become tokens.
 *
 * @throws {RangeError} if what comes out is no subject that can be published to
 */
export function subjectOf(template: string, source: LogSource): string {
  const subject = template.replace(/\{(\w+)\}/g, (whole, key: string) => {
    if (key !== "host" && key !== "name" && key !== "segment") {
      throw new RangeError(
        `subject "${template}" has ${whole}, but only {host}, {name}, {segment}`,
      );
    }
    return subjectToken(source[key]);
  });
  // No white space, no empty token, no wildcard; "$" begins what belongs to the server.
  if (!/^(?!\$)[^\s.*>{}\p{Cc}]+(\.[^\s.*>{}\p{Cc}]+)*$/u.test(subject)) {
    throw new RangeError(`"${subject}" is no subject to publish to`);
  }
  return subject;
}

/** The subjects of all that a template may become, for a stream that takes them: `logs.*.*`. */
export function subjectFilter(template: string): string {
  return template.split(".").map((token) => /\{\w+\}/.test(token) ? "*" : token).join(".");
}

/** A segment's identity as a word. */
export function segmentWord(
  { device, inode, created }: { device: number; inode: number; created: number },
): string {
  return [device, inode, created].map((number) => number.toString(16)).join("-");
}

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

const encoder = new TextEncoder();
/** How many bytes of headers are made in one piece of memory, which is never used again. */
const BLOCK = 65536;
/** Room for two decimal numbers of 16 digits, twice. */
const DIGITS = 64;

/**
 * Makes the headers of one source's messages. Those of an entry are put together from bytes that are
 * the same in all of them: a forwarder does this a hundred thousand times a second.
 */
export class MessageEncoder {
  /** Where the messages go. */
  readonly subject: string;
  /** Where the entries come from. */
  readonly source: LogSource;
  readonly #id: string;
  readonly #origin: string;
  readonly #before: Uint8Array;
  readonly #between: Uint8Array;
  readonly #after: Uint8Array;
  #block = new Uint8Array(0);
  #used = 0;
  #time = -1;
  #timeLine: Uint8Array = new Uint8Array(0);

  /**
   * Makes the encoder of a source.
   *
   * @throws {RangeError} if the template makes no subject
   */
  constructor(source: LogSource, template: string = DEFAULT_SUBJECT) {
    this.source = source;
    this.subject = subjectOf(template, source);
    this.#id = `${subjectToken(source.host)}/${source.segment}/`;
    this.#origin = `${HEADERS.host}: ${headerText(source.host)}\r\n` +
      `${HEADERS.name}: ${headerText(source.name)}\r\n` +
      `${HEADERS.segment}: ${source.segment}\r\n`;
    this.#before = encoder.encode(`NATS/1.0\r\n${HEADERS.id}: ${this.#id}`);
    this.#between = encoder.encode(`\r\n${HEADERS.sequenceNumber}: `);
    this.#after = encoder.encode(`\r\n${this.#origin}`);
  }

  /** The headers of an entry as bytes that stay as they are. */
  entryHeaders(sequenceNumber: number, time: number, truncatedFrom?: number): Uint8Array {
    if (time !== this.#time) {
      this.#time = time;
      this.#timeLine = encoder.encode(`${HEADERS.time}: ${time}\r\n\r\n`);
    }
    const more = truncatedFrom === undefined
      ? undefined
      : encoder.encode(`${HEADERS.truncated}: ${truncatedFrom}\r\n`);
    const most = this.#before.length + this.#between.length + this.#after.length +
      this.#timeLine.length + (more?.length ?? 0) + DIGITS;
    if (this.#used + most > this.#block.length) {
      this.#block = new Uint8Array(Math.max(BLOCK, most));
      this.#used = 0;
    }
    const start = this.#used;
    this.#add(this.#before);
    const digits = this.#used;
    this.#addNumber(sequenceNumber);
    const end = this.#used;
    this.#add(this.#between);
    this.#block.copyWithin(this.#used, digits, end);
    this.#used += end - digits;
    this.#add(this.#after);
    if (more !== undefined) this.#add(more);
    this.#add(this.#timeLine);
    return this.#block.subarray(start, this.#used);
  }

  /** A gap: its headers as bytes, and its payload. */
  gap(
    from: number,
    to: number,
    reason: GapReason,
    time: number,
  ): { headers: Uint8Array; payload: Uint8Array } {
    const headers = encoder.encode(
      `NATS/1.0\r\n${HEADERS.id}: ${this.#id}gap/${from}-${to}\r\n` +
        `${HEADERS.gap}: ${from}-${to}\r\n${this.#origin}${HEADERS.time}: ${time}\r\n\r\n`,
    );
    const gap = { from, to, count: to - from + 1, reason };
    return { headers, payload: encoder.encode(JSON.stringify({ gap })) };
  }

  #add(bytes: Uint8Array): void {
    this.#block.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #addNumber(number: number): void {
    let length = 1;
    for (let power = 10; power <= number; power *= 10) length++;
    let rest = number;
    for (let at = this.#used + length - 1; at >= this.#used; at--) {
      const digit = rest % 10;
      this.#block[at] = 0x30 + digit;
      rest = (rest - digit) / 10;
    }
    this.#used += length;
  }
}

/**
 * What a message says; `undefined` if it is none of ours, or none that makes sense: a stream may hold
 * what others publish.
 *
 * @param headers the message's headers: what the client gives
 * @param payload its bytes, which are not copied
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
  const gap = headers.get(HEADERS.gap);
  if (gap !== "") {
    const [from, to, ...others] = gap.split("-").map((text) => wholeNumber(text) ?? 0);
    if (others.length > 0 || !(from >= 1) || !(to >= from)) return undefined;
    return {
      kind: "gap",
      ...source,
      from,
      to,
      count: to - from + 1,
      reason: reasonIn(payload),
      time,
    };
  }
  const sequenceNumber = wholeNumber(headers.get(HEADERS.sequenceNumber));
  if (!sequenceNumber) return undefined;
  const truncatedFrom = wholeNumber(headers.get(HEADERS.truncated));
  return {
    kind: "entry",
    ...source,
    sequenceNumber,
    time,
    payload,
    ...truncatedFrom !== undefined && { truncatedFrom },
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
