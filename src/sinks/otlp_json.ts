/**
 * A log record of OpenTelemetry as a line: the JSON of OTLP's `LogRecord`, with the `resource` and
 * `scope` that it belongs to.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { Line } from "../line/line.ts";
import { pieceOf } from "../line/keys.ts";
import { Lines } from "../line/lines.ts";
import { Piece } from "../line/piece.ts";
import { showable } from "./showable.ts";

/** A record, as far as a line needs it. */
export type OtlpRecord = Partial<ReadableLogRecord> & Pick<ReadableLogRecord, "hrTime">;

/** A record of which less is known than the SDK knows. */
export interface LogsDataRecord extends
  Pick<
    OtlpRecord,
    "hrTime" | "hrTimeObserved" | "severityNumber" | "severityText" | "eventName"
  > {
  readonly body?: unknown;
  readonly attributes?: object;
  readonly droppedAttributesCount?: number;
  readonly spanContext?: { traceId: string; spanId: string; traceFlags: number };
  readonly resource?: { readonly attributes?: object };
  readonly instrumentationScope?: {
    readonly name: string;
    readonly version?: string;
    readonly attributes?: object;
  };
}

const CLOSE = 0x7d;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const QUOTE = 0x22;

const TIME = new Piece('{"timeUnixNano":"');
const OBSERVED = new Piece('","observedTimeUnixNano":"');
const SEVERITY = new Piece(',"severityNumber":');
const SEVERITY_TEXT = new Piece(',"severityText":');
const EVENT_NAME = new Piece(',"eventName":');
const BODY = new Piece(',"body":');
const ATTRIBUTES = new Piece(',"attributes":');
const DROPPED = new Piece(',"droppedAttributesCount":');
const FLAGS = new Piece(',"flags":');
const TRACE = new Piece(',"traceId":');
const SPAN = new Piece(',"spanId":');
const STRING = new Piece('{"stringValue":');
const TRUE = new Piece('{"boolValue":true}');
const FALSE = new Piece('{"boolValue":false}');
const INT = new Piece('{"intValue":"');
const DOUBLE = new Piece('{"doubleValue":');
const BYTES = new Piece('{"bytesValue":');
const LIST = new Piece('{"kvlistValue":{"values":');
const ARRAY = new Piece('{"arrayValue":{"values":[');
const END = new Piece("}}");
const END_ARRAY = new Piece("]}}");
const END_TEXT = new Piece('"}');
const NOTHING = new Piece("{}");
const EMPTY = new Piece("[]");
const KEY = new Piece('{"key":');
const VALUE = new Piece(',"value":');

/** Makes lines of records. */
export class OtlpLines extends Lines<OtlpRecord> {
  constructor() {
    // Thousands of records share these; the SDK keeps them the same objects.
    const cache = new WeakMap<object, Piece>();
    super((line, record) => addRecord(line, record, cache), showableRecord);
  }
}

function addRecord(line: Line, record: OtlpRecord, cache: WeakMap<object, Piece>): void {
  const { spanContext, resource, instrumentationScope, body } = record;
  line.piece(TIME);
  line.raw(nanoseconds(record.hrTime));
  line.piece(OBSERVED);
  line.raw(nanoseconds(record.hrTimeObserved ?? record.hrTime));
  line.byte(QUOTE);
  addMember(line, SEVERITY, record.severityNumber);
  addMember(line, SEVERITY_TEXT, record.severityText);
  addMember(line, EVENT_NAME, record.eventName);
  if (body !== undefined) {
    line.piece(BODY);
    line.beginValue();
    addValue(line, body, []);
  }
  line.piece(ATTRIBUTES);
  addPairs(line, record.attributes ?? {}, []);
  addMember(line, DROPPED, record.droppedAttributesCount || undefined);
  addMember(line, FLAGS, spanContext?.traceFlags);
  addMember(line, TRACE, spanContext?.traceId);
  addMember(line, SPAN, spanContext?.spanId || undefined);
  if (resource !== undefined) {
    const { attributes, schemaUrl } = resource;
    const make = () => pieceOfContext("resource", { attributes, schemaUrl });
    line.piece(resource.asyncAttributesPending ? make() : cached(cache, resource, make));
  }
  if (instrumentationScope !== undefined) {
    const { name, version, attributes, schemaUrl } = instrumentationScope;
    line.piece(
      cached(
        cache,
        instrumentationScope,
        () => pieceOfContext("scope", { name, version, attributes, schemaUrl }),
      ),
    );
  }
  line.byte(CLOSE);
}

/** The record without what throws. What the SDK has of it are getters of a class. */
function showableRecord(record: OtlpRecord): OtlpRecord {
  const parts = <T extends object, K extends keyof T>(of: T | undefined, ...names: K[]) =>
    of && showable(membersOf(of, names), isValue) as Pick<T, K>;
  const shown = parts(
    record,
    "hrTime",
    "hrTimeObserved",
    "severityNumber",
    "severityText",
    "eventName",
    "body",
    "attributes",
    "droppedAttributesCount",
    "spanContext",
  ) as OtlpRecord;
  const { hrTime, hrTimeObserved } = shown;
  const now = Date.now();
  const time: OtlpRecord["hrTime"] = isTime(hrTime)
    ? hrTime
    : isTime(hrTimeObserved)
    ? hrTimeObserved
    : [Math.floor(now / 1000), now % 1000 * 1e6];
  const scope = record.instrumentationScope;
  return {
    ...shown,
    hrTime: time,
    hrTimeObserved: isTime(hrTimeObserved) ? hrTimeObserved : time,
    resource: parts(record.resource, "attributes", "schemaUrl"),
    instrumentationScope: parts(scope, "name", "version", "attributes", "schemaUrl"),
  } as OtlpRecord;
}

/** Members as getters, which may throw later. */
function membersOf<T extends object, K extends keyof T>(of: T, names: K[]): object {
  const members = {};
  for (const name of names) {
    Object.defineProperty(members, name, { enumerable: true, get: () => of[name] });
  }
  return members;
}

/** What has a form of its own here. */
function isValue(value: unknown): boolean {
  return typeof value === "bigint" || value instanceof Uint8Array;
}

function isTime(time: unknown): time is OtlpRecord["hrTime"] {
  return Array.isArray(time) && Number.isSafeInteger(time[0]) && Number.isFinite(time[1]);
}

/**
 * Records as `LogsData` in JSON: an export request, and a line of a file that collectors read. Records
 * with the same objects as `resource` and `instrumentationScope` share them.
 */
export function logsData(records: readonly LogsDataRecord[]): string {
  const lines = new OtlpLines();
  const ofResources = Map.groupBy(records, ({ resource }) => resource);
  const resourceLogs = [...ofResources].map(([resource, records]) => {
    const ofScopes = Map.groupBy(records, ({ instrumentationScope }) => instrumentationScope);
    const scopeLogs = [...ofScopes].map(([scope, records]) => {
      const logRecords = records.map((record) =>
        lines.text(
          { ...record, resource: undefined, instrumentationScope: undefined } as OtlpRecord,
        )
      );
      const { name, version, attributes } = scope ?? {};
      const said = contextJson({ name, version, attributes });
      return `{"scope":${said},"logRecords":[${logRecords}]}`;
    });
    const said = contextJson({ attributes: resource?.attributes });
    return `{"resource":${said},"scopeLogs":[${scopeLogs}]}`;
  });
  return `{"resourceLogs":[${resourceLogs}]}`;
}

/** `,"name":{…}` with attributes in their form, all else as it is. */
function pieceOfContext(name: string, members: Context): Piece {
  return new Piece(pieceOf(name).text + contextJson(members));
}

interface Context {
  readonly attributes?: object;
  readonly [name: string]: unknown;
}

function contextJson(members: Context): string {
  const { attributes } = members;
  const pairs = attributes &&
    JSON.parse(new Lines<object>((line) => addPairs(line, attributes, []), (value) => value)
      .text(attributes));
  return JSON.stringify({ ...members, attributes: pairs });
}

function cached(cache: WeakMap<object, Piece>, key: object, make: () => Piece): Piece {
  let piece = cache.get(key);
  if (piece === undefined) cache.set(key, piece = make());
  return piece;
}

function addMember(line: Line, key: Piece, value: string | number | undefined): void {
  if (value === undefined) return;
  line.piece(key);
  if (typeof value === "number" && Number.isFinite(value)) line.number(value);
  else if (typeof value === "string") line.string(value);
  else line.raw(JSON.stringify(value));
}

/** Adds the key-value pairs of an object. */
function addPairs(line: Line, object: object, ancestors: readonly unknown[]): void {
  const open = line.length;
  for (const [key, value] of Object.entries(object)) {
    if (line.isFull || line.surplus >= 2 && ancestors.length > 1) break;
    if (value === undefined) continue;
    line.byte(COMMA);
    line.piece(KEY);
    line.string(key);
    line.piece(VALUE);
    if (ancestors.length <= 1) line.beginValue();
    addValue(line, value, ancestors);
    line.byte(CLOSE);
  }
  if (line.length === open) line.piece(EMPTY);
  else {
    // In place of the first comma.
    line.put(open, 0x5b);
    line.byte(CLOSE_ARRAY);
  }
}

function addValue(line: Line, value: unknown, ancestors: readonly unknown[]): void {
  switch (typeof value) {
    case "string":
      return addText(line, value);
    case "boolean":
      return line.piece(value ? TRUE : FALSE);
    case "number":
      if (Number.isSafeInteger(value)) return addInt(line, String(value));
      line.piece(DOUBLE);
      // JSON has no NaN and no Infinity: they are strings in OTLP.
      if (Number.isFinite(value)) line.number(value);
      else line.string(String(value));
      return line.byte(CLOSE);
    case "bigint":
      if (BigInt.asIntN(64, value) === value) return addInt(line, String(value));
      return addText(line, String(value));
    case "object":
      return value === null ? line.piece(NOTHING) : addObject(line, value, ancestors);
    case "undefined":
      return line.piece(NOTHING);
    default:
      return addText(line, String(value));
  }
}

function addText(line: Line, text: string): void {
  line.piece(STRING);
  line.string(text);
  line.byte(CLOSE);
}

function addInt(line: Line, digits: string): void {
  line.piece(INT);
  line.raw(digits);
  line.piece(END_TEXT);
}

function addObject(line: Line, value: object, ancestors: readonly unknown[]): void {
  if (ancestors.includes(value)) return addText(line, "[Circular]");
  if (value instanceof Uint8Array) {
    const { buffer, byteOffset, byteLength } = value;
    line.piece(BYTES);
    line.string(Buffer.from(buffer, byteOffset, byteLength).toString("base64"));
    return line.byte(CLOSE);
  }
  if (value instanceof Date) return addText(line, value.toJSON() ?? "Invalid Date");
  const path = [...ancestors, value];
  if (Array.isArray(value)) {
    line.piece(ARRAY);
    for (let i = 0; i < value.length && line.surplus < 1; i++) {
      if (i > 0) line.byte(COMMA);
      addValue(line, value[i], path);
    }
    return line.piece(END_ARRAY);
  }
  line.piece(LIST);
  if (value instanceof Error) {
    const { name, message, stack } = value;
    addPairs(line, { ...value, name, message, stack }, path);
  } else addPairs(line, value, path);
  line.piece(END);
}

function nanoseconds([seconds, rest]: ReadableLogRecord["hrTime"]): string {
  const fraction = Math.round(rest);
  return seconds > 0 && fraction >= 0 && fraction < 1e9
    ? `${seconds}${String(fraction).padStart(9, "0")}`
    : String(BigInt(seconds) * 1_000_000_000n + BigInt(fraction));
}
