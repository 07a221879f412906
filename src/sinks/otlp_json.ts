/**
 * A log record of OpenTelemetry as a line: the JSON of OTLP's `LogRecord`, with the `resource` and
 * `scope` that it belongs to.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";

/** A value of OTLP, in its JSON form. */
type OtlpValue = Record<string, unknown>;

/** Turns records into lines. */
export class OtlpLines {
  // Thousands of records share these; the SDK keeps them the same objects.
  readonly #cache = new WeakMap<object, string>();

  /** The line of a record. */
  line(record: ReadableLogRecord): string {
    const { spanContext, resource, instrumentationScope } = record;
    const own = JSON.stringify({
      timeUnixNano: nanoseconds(record.hrTime),
      observedTimeUnixNano: nanoseconds(record.hrTimeObserved),
      severityNumber: record.severityNumber,
      severityText: record.severityText,
      eventName: record.eventName,
      body: record.body === undefined ? undefined : otlpValue(record.body),
      attributes: keyValues(record.attributes),
      droppedAttributesCount: record.droppedAttributesCount || undefined,
      flags: spanContext?.traceFlags,
      traceId: spanContext?.traceId,
      spanId: spanContext?.spanId,
    });
    return `${own.slice(0, -1)},"resource":${this.#resource(resource)},` +
      `"scope":${this.#scope(instrumentationScope)}}`;
  }

  #resource(resource: ReadableLogRecord["resource"]): string {
    const make = () =>
      JSON.stringify({
        attributes: keyValues(resource.attributes),
        schemaUrl: resource.schemaUrl,
      });
    return resource.asyncAttributesPending ? make() : this.#cached(resource, make);
  }

  #scope(scope: ReadableLogRecord["instrumentationScope"]): string {
    return this.#cached(scope, () =>
      JSON.stringify({
        name: scope.name,
        version: scope.version,
        attributes: scope.attributes && keyValues(scope.attributes),
        schemaUrl: scope.schemaUrl,
      }));
  }

  #cached(key: object, make: () => string): string {
    let json = this.#cache.get(key);
    if (json === undefined) this.#cache.set(key, json = make());
    return json;
  }
}

/** The key-value pairs of an object. */
export function keyValues(
  object: object,
  ancestors: readonly unknown[] = [],
): { key: string; value: OtlpValue }[] {
  const pairs = Object.entries(object).filter(([, value]) => value !== undefined);
  return pairs.map(([key, value]) => ({ key, value: otlpValue(value, ancestors) }));
}

function otlpValue(value: unknown, ancestors: readonly unknown[] = []): OtlpValue {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "boolean":
      return { boolValue: value };
    case "number":
      if (Number.isSafeInteger(value)) return { intValue: String(value) };
      // JSON has no NaN and no Infinity: they are strings in OTLP.
      return { doubleValue: Number.isFinite(value) ? value : String(value) };
    case "bigint":
      return BigInt.asIntN(64, value) === value
        ? { intValue: String(value) }
        : { stringValue: String(value) };
    case "object":
      return value === null ? {} : otlpObject(value, ancestors);
    case "undefined":
      return {};
    default:
      return { stringValue: String(value) };
  }
}

function otlpObject(value: object, ancestors: readonly unknown[]): OtlpValue {
  if (ancestors.includes(value)) return { stringValue: "[Circular]" };
  if (value instanceof Uint8Array) {
    const { buffer, byteOffset, byteLength } = value;
    return { bytesValue: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
  }
  if (value instanceof Date) return { stringValue: value.toJSON() ?? "Invalid Date" };
  const path = [...ancestors, value];
  if (Array.isArray(value)) {
    return { arrayValue: { values: value.map((item) => otlpValue(item, path)) } };
  }
  if (value instanceof Error) {
    const { name, message, stack } = value;
    return { kvlistValue: { values: keyValues({ ...value, name, message, stack }, path) } };
  }
  return { kvlistValue: { values: keyValues(value, path) } };
}

function nanoseconds([seconds, rest]: ReadableLogRecord["hrTime"]): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(Math.round(rest)));
}
