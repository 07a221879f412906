/**
 * Entries as log records of OpenTelemetry, to be sent to collectors or written for them: time, severity,
 * body, attributes, and what they are from. The other way round than `otlp.ts`. Runs in a browser, too.
 *
 * @module
 */

import { LEVELS, type LogLevel } from "./level.ts";
import { addPairs, isOtlpRecord, onlyRecordOf, plain } from "./otlp.ts";
import { type LogRecord, noFields } from "./record.ts";
import { recognizeRecord } from "./recognize.ts";
import { wholeMilliseconds } from "./time.ts";

type Fields = Record<string, unknown>;

/** Seconds since 1970, and nanoseconds; both 0 if it is not known. */
export type OtlpTime = [seconds: number, nanoseconds: number];

/** What many records have in common; the same object in all of them. */
export interface OtlpContext {
  readonly attributes: Fields;
}

/** A log record, in the form in which the SDK of OpenTelemetry has it (`ReadableLogRecord`). */
export interface OtlpLogRecord {
  readonly hrTime: OtlpTime;
  readonly hrTimeObserved: OtlpTime;
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly eventName?: string;
  readonly body: unknown;
  readonly attributes: Fields;
  readonly droppedAttributesCount: number;
  readonly spanContext?: { traceId: string; spanId: string; traceFlags: number };
  readonly resource: OtlpContext;
  readonly instrumentationScope: OtlpContext & { readonly name: string; readonly version?: string };
}

/** What is known of an entry beside its bytes. */
export interface EntryFacts {
  /** Its number. */
  readonly sequenceNumber: number;
  /** When it was read, in milliseconds since 1970. */
  readonly time: number;
  /** How many bytes it had, if it was cut. */
  readonly cutFrom?: number | undefined;
  /** How many entries directly before it were left out on purpose. */
  readonly filtered?: number;
}

/** Entries that are not sent. */
export interface GapFacts {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  /** When that was found out, in milliseconds since 1970. */
  readonly time: number;
  /** How many entries directly before them were left out on purpose. */
  readonly filtered?: number;
}

/** What the attributes are called that are ours. */
const OTLP_NAMES = {
  /** Of the resource: the log, and which segment had its name. */
  log: "ouroboros.log",
  segment: "ouroboros.segment",
  /** Of a record: the number of the entry; it is the same if it is sent again. */
  sequenceNumber: "ouroboros.seq",
  /** The size that it had, if it was cut. */
  truncated: "ouroboros.truncated_from",
  /** How many entries directly before it were left out on purpose, if any. */
  filtered: "ouroboros.filtered",
  /** Of a gap. */
  from: "ouroboros.gap.from",
  to: "ouroboros.gap.to",
  reason: "ouroboros.gap.reason",
} as const;

/** The event that says that entries are missing, or were left out on purpose. */
const GAP_EVENT = "ouroboros.gap";

const UNKNOWN: OtlpTime = [0, 0];
/** How many resources and scopes of lines are kept: a logger may have any number of names. */
const MOST_KEPT = 1024;
/** How a line begins that is a record of OpenTelemetry already. */
const OTLP_LINE = /^\s*\{"(?:timeUnixNano|observedTimeUnixNano|severityNumber|resourceLogs)"/;
/** The names of the ids of a trace and a span, in fields. */
const TRACE_ID = ["trace_id", "traceId", "trace.id"];
const SPAN_ID = ["span_id", "spanId", "span.id"];
const FLAGS = ["trace_flags", "traceFlags"];

/** An escape of half a character, and all escapes: an odd half of one is no character, and not UTF-8. */
const SURROGATE = /\\u[dD][89a-fA-F]/;
const ESCAPES =
  /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2})|[^])/g;

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What a source is, for the attributes of its resource. */
export function sourceResource(
  { host, name, segment }: { host: string; name: string; segment?: string },
  own: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    "service.name": serviceOf(name),
    "host.name": host,
    ...own,
    [OTLP_NAMES.log]: name,
    ...segment !== undefined && { [OTLP_NAMES.segment]: segment },
  };
}

/** A log's name as that of a service: `/app` is `app`, `/var/log/app.log` too. */
function serviceOf(name: string): string {
  const last = name.slice(name.lastIndexOf("/") + 1);
  return last.replace(/(?<=.)\.(?:log|ouroboros)$/, "") || name || "unknown_service";
}

/** Makes the records of one source. */
export class OtlpRecords {
  readonly #resource: OtlpContext;
  readonly #resources = new Map<string, OtlpContext>();
  readonly #scopes = new Map<string, OtlpLogRecord["instrumentationScope"]>();

  /** `resource`: the attributes of what all of them are from, unless a line has its own. */
  constructor(resource: Readonly<Record<string, string>>) {
    this.#resource = { attributes: resource };
  }

  /** The record of an entry. A line that is no log record is the body, and so are bytes that are no text. */
  ofEntry(bytes: Uint8Array, facts: EntryFacts): OtlpLogRecord {
    let text: string;
    try {
      text = strictDecoder.decode(bytes);
    } catch {
      return this.#bare(bytes, facts);
    }
    const line = SURROGATE.test(text) ? text.replaceAll(ESCAPES, wellFormed) : text;
    const otlp = otlpLine(line);
    if (otlp !== undefined) return this.#ofOtlp(otlp, facts);
    const record = recognizeRecord(line, true);
    return record === undefined ? this.#bare(text, facts) : this.#ofRecord(record, text, facts);
  }

  /** A record that says that entries are missing, or, as a mere trace, that they were left out on purpose. */
  ofGap({ from, to, reason, time, filtered = 0 }: GapFacts): OtlpLogRecord {
    const count = to - from + 1;
    const [what, level]: [string, LogLevel] = reason === "filtered" || reason === "resized"
      ? ["were left out", "trace"]
      : ["are missing", "warn"];
    return {
      ...this.#bare(`${count} entries ${what} (${reason}): ${from} to ${to}`, {
        sequenceNumber: from,
        time,
      }),
      severityNumber: severityOf(level),
      severityText: level.toUpperCase(),
      eventName: GAP_EVENT,
      attributes: {
        [OTLP_NAMES.from]: from,
        [OTLP_NAMES.to]: to,
        [OTLP_NAMES.reason]: reason,
        ...filtered > 0 && { [OTLP_NAMES.filtered]: filtered },
      },
    };
  }

  #bare(body: unknown, facts: EntryFacts): OtlpLogRecord {
    return {
      hrTime: UNKNOWN,
      hrTimeObserved: timeOf(facts.time),
      body,
      attributes: withFacts(noFields(), facts),
      droppedAttributesCount: 0,
      resource: this.#resource,
      instrumentationScope: this.#scopeOf(""),
    };
  }

  #ofRecord(record: LogRecord, text: string, facts: EntryFacts): OtlpLogRecord {
    const { time, nanoseconds, level, message, logger, fields, stream } = record;
    const attributes = noFields();
    for (const key in fields) attributes[key] = exactValue(fields[key]);
    const spanContext = takeSpan(attributes);
    if (stream !== undefined) attributes["log.iostream"] = stream;
    return {
      ...this.#bare(message ?? text, facts),
      hrTime: time === undefined ? UNKNOWN : timeOf(time, nanoseconds),
      ...level !== undefined && {
        severityNumber: severityOf(level),
        severityText: level.toUpperCase(),
      },
      attributes: withFacts(attributes, facts),
      ...spanContext !== undefined && { spanContext },
      ...logger !== undefined && { instrumentationScope: this.#scopeOf(logger) },
    };
  }

  /** What is one already stays as it is, and gets our attributes. */
  #ofOtlp({ record, scope, resource }: OtlpLine, facts: EntryFacts): OtlpLogRecord {
    const { timeUnixNano, observedTimeUnixNano, severityNumber, severityText, body } = record;
    const { droppedAttributesCount: dropped, eventName, flags } = record;
    const ids = { trace_id: record.traceId, span_id: record.spanId, trace_flags: flags };
    const spanContext = takeSpan(ids);
    const observed = timeOfDigits(observedTimeUnixNano);
    return {
      ...this.#bare(body === undefined ? undefined : plain(body, 0, bytesOf), facts),
      hrTime: timeOfDigits(timeUnixNano),
      ...observed !== UNKNOWN && { hrTimeObserved: observed },
      ...isCount(severityNumber) && severityNumber <= 24 && { severityNumber },
      ...typeof severityText === "string" && severityText !== "" && { severityText },
      ...typeof eventName === "string" && eventName !== "" && { eventName },
      attributes: withFacts(pairsOf(record), facts),
      droppedAttributesCount: isCount(dropped) ? dropped : 0,
      ...spanContext !== undefined && { spanContext },
      resource: this.#resourceOf(resource),
      ...scope !== undefined && { instrumentationScope: this.#scopeOfLine(scope) },
    };
  }

  #resourceOf(line: Fields | undefined): OtlpContext {
    if (line === undefined) return this.#resource;
    return kept(this.#resources, JSON.stringify(line), () => {
      const own = pairsOf(line);
      const ours = this.#resource.attributes;
      const service = own["service.name"];
      // What the SDK calls a service that has no name: the log's name says more.
      const isNamed = typeof service === "string" && !service.startsWith("unknown_service");
      return {
        attributes: {
          ...ours,
          ...own,
          ...!isNamed && { "service.name": ours["service.name"] },
          [OTLP_NAMES.log]: ours[OTLP_NAMES.log],
          ...OTLP_NAMES.segment in ours && { [OTLP_NAMES.segment]: ours[OTLP_NAMES.segment] },
        },
      };
    });
  }

  #scopeOfLine(line: Fields): OtlpLogRecord["instrumentationScope"] {
    return kept(this.#scopes, JSON.stringify(line), () => ({
      name: typeof line.name === "string" ? line.name : "",
      ...typeof line.version === "string" && line.version !== "" && { version: line.version },
      attributes: pairsOf(line),
    }));
  }

  #scopeOf(name: string): OtlpLogRecord["instrumentationScope"] {
    return kept(this.#scopes, name, () => ({ name, attributes: {} }));
  }
}

interface OtlpLine {
  readonly record: Fields;
  readonly scope: Fields | undefined;
  readonly resource: Fields | undefined;
}

/** The record of a line that is one of OpenTelemetry already. */
function otlpLine(text: string): OtlpLine | undefined {
  if (!OTLP_LINE.test(text)) return undefined;
  // The same limits as for all other lines.
  if (recognizeRecord(text) === undefined) return undefined;
  const object = JSON.parse(text);
  const only = onlyRecordOf(object);
  if (only === undefined && !isOtlpRecord(object)) return undefined;
  const { scope, resource } = only ?? object;
  return { record: only?.record ?? object, scope: fieldsIn(scope), resource: fieldsIn(resource) };
}

function fieldsIn(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null ? value as Fields : undefined;
}

function pairsOf({ attributes }: Fields): Fields {
  const fields = noFields();
  if (Array.isArray(attributes)) addPairs(fields, attributes, 0, bytesOf);
  return fields;
}

function withFacts(
  attributes: Fields,
  { sequenceNumber, cutFrom, filtered = 0 }: EntryFacts,
): Fields {
  attributes[OTLP_NAMES.sequenceNumber] = sequenceNumber;
  if (filtered > 0) attributes[OTLP_NAMES.filtered] = filtered;
  if (cutFrom !== undefined) attributes[OTLP_NAMES.truncated] = cutFrom;
  return attributes;
}

/** Takes the ids of a span out of fields, if they are such. */
function takeSpan(fields: Fields): OtlpLogRecord["spanContext"] | undefined {
  const isId = (value: unknown, digits: number) =>
    typeof value === "string" && value.length === digits && /^[\da-f]+$/i.test(value) &&
    !/^0+$/.test(value);
  const traceKey = TRACE_ID.find((key) => isId(fields[key], 32));
  if (traceKey === undefined) return undefined;
  const spanKey = SPAN_ID.find((key) => isId(fields[key], 16));
  const flagsKey = FLAGS.find((key) => fields[key] !== undefined);
  const flags = flagsKey === undefined ? 0 : fields[flagsKey];
  const span = {
    traceId: (fields[traceKey] as string).toLowerCase(),
    spanId: spanKey === undefined ? "" : (fields[spanKey] as string).toLowerCase(),
    traceFlags: typeof flags === "string"
      ? Number.parseInt(flags, 16) & 0xff
      : Number(flags) & 0xff,
  };
  for (const key of [traceKey, spanKey, flagsKey]) if (key !== undefined) delete fields[key];
  return span;
}

/** A value in which numbers of more digits than a number holds are text. */
function exactValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(exactValue);
  if ("rawJSON" in value && typeof value.rawJSON === "string") return value.rawJSON;
  const copy = noFields();
  for (const key in value) copy[key] = exactValue((value as Fields)[key]);
  return copy;
}

function wellFormed(escape: string, half: string | undefined): string {
  return half === undefined ? escape : "\\ufffd";
}

function severityOf(level: LogLevel): number {
  return LEVELS.indexOf(level) * 4 + 1;
}

function timeOf(milliseconds: number, nanoseconds?: number): OtlpTime {
  // There are no times before 1970, and 64 bits end in 2554.
  if (!(milliseconds > 0 && milliseconds < 1.8e13)) return UNKNOWN;
  const whole = nanoseconds === undefined
    ? Math.floor(milliseconds)
    : wholeMilliseconds(milliseconds, nanoseconds);
  const rest = nanoseconds ?? Math.round((milliseconds - whole) * 1e6);
  const seconds = Math.floor(whole / 1000);
  return [seconds, (whole - seconds * 1000) * 1e6 + Math.min(rest, 999_999)];
}

/** Nanoseconds since 1970, of which a number would not hold all digits. */
function timeOfDigits(value: unknown): OtlpTime {
  const digits = typeof value === "number" ? String(value) : value;
  if (typeof digits !== "string" || !/^\d{10,19}$/.test(digits)) return UNKNOWN;
  return [Number(digits.slice(0, -9)), Number(digits.slice(-9))];
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 2 ** 32;
}

function bytesOf(base64: string): unknown {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return base64;
  }
}

/** What was made under that key before; what is old is forgotten. */
function kept<T>(all: Map<string, T>, key: string, make: () => T): T {
  let one = all.get(key);
  if (one === undefined) {
    if (all.size >= MOST_KEPT) all.clear();
    all.set(key, one = make());
  }
  return one;
}
