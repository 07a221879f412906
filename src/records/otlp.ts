/**
 * Log records of OpenTelemetry, as OTLP writes them in JSON: values are wrapped in their types, and
 * attributes are lists of pairs.
 *
 * @module
 */

import { levelOfSeverityNumber, toLevel } from "./level.ts";
import { type LogRecord, noFields } from "./record.ts";
import { nanosecondsOf, toTime } from "./time.ts";

type Json = Record<string, unknown>;

/** How deep values may be nested before they are left as they are. */
const DEEPEST = 32;

// What is the same on each line of a process says nothing about the record.
const LEFT_OUT = new Set([
  "resource",
  "scope",
  "flags",
  "timeUnixNano",
  "observedTimeUnixNano",
  "severityNumber",
  "severityText",
  "body",
  "attributes",
]);

/** Whether an object is such a record, and not another library's with a number of OpenTelemetry's. */
export function isOtlpRecord(object: Json): boolean {
  // Asked of each line: without a list of names.
  return ("timeUnixNano" in object || "observedTimeUnixNano" in object ||
    "severityNumber" in object) &&
    !("level" in object || "severity" in object || "msg" in object || "message" in object);
}

/** A record of an export request, and what it is of. */
export interface OnlyRecord {
  readonly record: Json;
  readonly scope: Json | undefined;
  readonly resource: Json | undefined;
}

/** The record of an export request (`resourceLogs`) that holds just one. */
export function onlyRecordOf(object: Json): OnlyRecord | undefined {
  const ofResource = only(object.resourceLogs);
  const ofScope = only(ofResource?.scopeLogs);
  const record = only(ofScope?.logRecords);
  return record && {
    record,
    scope: ofScope?.scope as Json | undefined,
    resource: ofResource?.resource as Json | undefined,
  };
}

/** What such a record says; `ofScope` if it has no scope. */
export function otlpRecord(object: Json, isShown: boolean, ofScope?: Json): LogRecord {
  const { severityNumber, severityText, attributes, body } = object;
  const fields = noFields();
  const name = ((object.scope ?? ofScope) as Json | null | undefined)?.name;
  // The level of the number is exact; the text is what the logging library calls it.
  const level = levelOfSeverityNumber(severityNumber) ?? toLevel(severityText);
  if (severityText && toLevel(severityText) !== level) fields.severityText = severityText;
  const said = plain(body);
  if (typeof said === "object" && said !== null && !Array.isArray(said)) {
    Object.assign(fields, said);
  } else if (typeof said !== "string" && said !== undefined) fields.body = said;
  if (Array.isArray(attributes)) addPairs(fields, attributes, 0);
  for (const key in object) {
    // Empty is what the protocol writes for "none".
    if (!LEFT_OUT.has(key) && object[key] !== "" && object[key] !== 0) fields[key] = object[key];
  }
  const { timeUnixNano, observedTimeUnixNano } = object;
  const ownTime = toTime(timeUnixNano);
  const exactTime = ownTime === undefined ? observedTimeUnixNano : timeUnixNano;
  const nanoseconds = isShown ? nanosecondsOf(exactTime) : undefined;
  return {
    time: ownTime ?? toTime(observedTimeUnixNano),
    ...nanoseconds !== undefined && { nanoseconds },
    level,
    message: typeof said === "string" ? said : undefined,
    logger: typeof name === "string" && name !== "" ? name : undefined,
    fields,
  };
}

/** A value without its type; bytes are left in Base64, or made to what `bytes` makes of that. */
export function plain(
  value: unknown,
  depth: number = 0,
  bytes: (base64: string) => unknown = (base64) => base64,
): unknown {
  if (typeof value !== "object" || value === null || depth > DEEPEST) return value;
  const { stringValue, boolValue, intValue, doubleValue, bytesValue, arrayValue, kvlistValue } =
    value as Json;
  if (intValue !== undefined) {
    // 64 bits are text in JSON. Anything else stays what it is: an object may not become a number.
    const number = typeof intValue === "string" ? Number(intValue) : intValue;
    return Number.isSafeInteger(number) ? number : intValue;
  }
  const list = (arrayValue as Json | undefined)?.values;
  if (arrayValue !== undefined) {
    return Array.isArray(list) ? list.map((item) => plain(item, depth + 1, bytes)) : [];
  }
  const pairs = (kvlistValue as Json | undefined)?.values;
  if (kvlistValue !== undefined) {
    const object: Json = noFields();
    if (Array.isArray(pairs)) addPairs(object, pairs, depth + 1, bytes);
    return object;
  }
  const bare = stringValue ?? boolValue ?? doubleValue ??
    (typeof bytesValue === "string" ? bytes(bytesValue) : bytesValue);
  // An empty value counts as missing; another one without a type is taken as it is.
  return bare === undefined && Object.keys(value).length > 0 ? value : bare;
}

export function addPairs(
  to: Json,
  pairs: unknown[],
  depth: number,
  bytes?: (base64: string) => unknown,
): void {
  for (const pair of pairs) {
    if (typeof pair !== "object" || pair === null) continue;
    const { key, value } = pair as Json;
    if (typeof key !== "string") continue;
    const bare = plain(value, depth, bytes);
    // Nothing is a value, too, where it is written again.
    to[key] = bare === undefined && bytes !== undefined ? null : bare;
  }
}

/** The only item of a list of objects. */
function only(list: unknown): Json | undefined {
  if (!Array.isArray(list) || list.length !== 1) return undefined;
  const [item] = list;
  return typeof item === "object" && item !== null ? item : undefined;
}
