/**
 * Export requests of OTLP, read by the published schema (opentelemetry-proto 1.x, logs) and by nothing
 * else: what the schema does not have is an error, in protobuf and in JSON.
 */

import { Buffer } from "node:buffer";

type Json = Record<string, unknown>;
type Schema = Record<string, Record<string, readonly [number: number, type: string]>>;

/** The messages: the number and the type of each field. Types of `hex` are ids, which JSON has in hex. */
const SCHEMA: Schema = {
  ExportLogsServiceRequest: { resourceLogs: [1, "ResourceLogs[]"] },
  ResourceLogs: {
    resource: [1, "Resource"],
    scopeLogs: [2, "ScopeLogs[]"],
    schemaUrl: [3, "string"],
  },
  Resource: { attributes: [1, "KeyValue[]"], droppedAttributesCount: [2, "uint32"] },
  ScopeLogs: {
    scope: [1, "InstrumentationScope"],
    logRecords: [2, "LogRecord[]"],
    schemaUrl: [3, "string"],
  },
  InstrumentationScope: {
    name: [1, "string"],
    version: [2, "string"],
    attributes: [3, "KeyValue[]"],
    droppedAttributesCount: [4, "uint32"],
  },
  LogRecord: {
    timeUnixNano: [1, "fixed64"],
    observedTimeUnixNano: [11, "fixed64"],
    severityNumber: [2, "uint32"],
    severityText: [3, "string"],
    body: [5, "AnyValue"],
    attributes: [6, "KeyValue[]"],
    droppedAttributesCount: [7, "uint32"],
    flags: [8, "fixed32"],
    traceId: [9, "hex16"],
    spanId: [10, "hex8"],
    eventName: [12, "string"],
  },
  KeyValue: { key: [1, "string"], value: [2, "AnyValue"] },
  AnyValue: {
    stringValue: [1, "string"],
    boolValue: [2, "bool"],
    intValue: [3, "int64"],
    doubleValue: [4, "double"],
    arrayValue: [5, "ArrayValue"],
    kvlistValue: [6, "KeyValueList"],
    bytesValue: [7, "bytes"],
  },
  ArrayValue: { values: [1, "AnyValue[]"] },
  KeyValueList: { values: [1, "KeyValue[]"] },
};

const WIRES: Record<string, number> = {
  ...{ uint32: 0, int64: 0, bool: 0, fixed64: 1, double: 1, fixed32: 5 },
};
const strict = new TextDecoder("utf-8", { fatal: true });

/** A request in protobuf, as JSON has it. */
export function requestOfProtobuf(bytes: Uint8Array): Json {
  return messageOf("ExportLogsServiceRequest", bytes);
}

/** A request in JSON, of which every member was looked at. */
export function requestOfJson(text: string): Json {
  const request = JSON.parse(text);
  checkMessage("ExportLogsServiceRequest", request);
  return request;
}

/** A value without its type: 64 bits as bigint. */
export function valueIn(any: unknown): unknown {
  const entries = Object.entries(any as Json);
  if (entries.length === 0) return null;
  const [[type, value]] = entries;
  if (type === "intValue") return BigInt(value as string);
  if (type === "bytesValue") return new Uint8Array(Buffer.from(value as string, "base64"));
  const values = ((value as Json | null)?.values ?? []) as Json[];
  if (type === "arrayValue") return values.map(valueIn);
  if (type === "kvlistValue") return pairsIn(values);
  return value;
}

/** Attributes as an object; none comes twice. */
export function pairsIn(pairs: unknown): Record<string, unknown> {
  const all = new Map<string, unknown>();
  for (const { key, value } of (pairs ?? []) as { key: string; value: unknown }[]) {
    if (all.has(key)) throw new Error(`attribute "${key}" is there twice`);
    all.set(key, valueIn(value ?? {}));
  }
  return Object.fromEntries(all);
}

function messageOf(name: string, bytes: Uint8Array): Json {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const message: Json = {};
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      if (at >= bytes.length || shift > 63n) throw new Error(`${name}: a varint has no end`);
      const byte = bytes[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [number, wire] = [tag >> 3, tag & 7];
    const field = Object.entries(SCHEMA[name]).find(([, [of]]) => of === number);
    if (field === undefined) throw new Error(`${name} has no field ${number}`);
    const [key, [, type]] = field;
    if (wire !== (WIRES[type] ?? 2)) throw new Error(`${name}.${key} is of wire type ${wire}`);
    let value: unknown;
    if (wire === 0) {
      const whole = varint();
      if (type === "bool") value = whole === 1n;
      else value = type === "int64" ? String(BigInt.asIntN(64, whole)) : Number(whole);
      if (type === "uint32" && whole >= 1n << 32n) throw new Error(`${name}.${key} is ${whole}`);
    } else if (wire === 1) {
      if (type === "fixed64") value = String(view.getBigUint64(at, true));
      else {
        const double = view.getFloat64(at, true);
        value = Number.isFinite(double) ? double : String(double);
      }
      at += 8;
    } else if (wire === 5) {
      value = view.getUint32(at, true);
      at += 4;
    } else {
      const end = Number(varint()) + at;
      if (end > bytes.length) throw new Error(`${name}.${key} has no end`);
      const part = bytes.subarray(at, at = end);
      if (type === "string") value = strict.decode(part);
      else if (type === "bytes") value = Buffer.from(part).toString("base64");
      else if (type.startsWith("hex")) value = Buffer.from(part).toString("hex");
      else value = messageOf(type.replace("[]", ""), part);
    }
    if (type.endsWith("[]")) ((message[key] ??= []) as unknown[]).push(value);
    else if (key in message) throw new Error(`${name}.${key} is there twice`);
    else message[key] = value;
  }
  if (at > bytes.length) throw new Error(`${name} ends in the middle`);
  checkMessage(name, message);
  return message;
}

function checkMessage(name: string, message: unknown): void {
  if (typeof message !== "object" || message === null || Array.isArray(message)) {
    throw new Error(`${name} is ${JSON.stringify(message)}`);
  }
  for (const [key, value] of Object.entries(message)) {
    const field = SCHEMA[name][key];
    if (field === undefined) throw new Error(`${name} has no field "${key}"`);
    const [, type] = field;
    if (!type.endsWith("[]")) checkValue(`${name}.${key}`, type, value);
    else if (!Array.isArray(value)) throw new Error(`${name}.${key} is no list`);
    else value.forEach((one) => checkMessage(type.slice(0, -2), one));
  }
  if (name === "AnyValue" && Object.keys(message).length > 1) throw new Error("two values in one");
  if (name === "KeyValue" && !("key" in message)) throw new Error("a pair without a key");
}

function checkValue(what: string, type: string, value: unknown): void {
  const isText = typeof value === "string";
  const isFine = {
    string: () => isText,
    bool: () => typeof value === "boolean",
    uint32: () => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32,
    fixed32: () => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32,
    int64: () =>
      isText && /^-?\d{1,19}$/.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value),
    fixed64: () => isText && /^\d{1,20}$/.test(value) && BigInt(value) < 1n << 64n,
    double: () => typeof value === "number" || /^(NaN|-?Infinity)$/.test(String(value)),
    bytes: () => isText && Buffer.from(value, "base64").toString("base64") === value,
    hex16: () => isText && /^[\da-f]{32}$/.test(value) && !/^0+$/.test(value),
    hex8: () => isText && /^[\da-f]{16}$/.test(value) && !/^0+$/.test(value),
  }[type];
  if (isFine === undefined) return checkMessage(type, value);
  if (!isFine()) throw new Error(`${what} is ${JSON.stringify(value)}, and not of type ${type}`);
}
