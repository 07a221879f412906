/**
 * The bytes of requests to collectors, and what their answers say.
 *
 * @module
 */

import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { PackageMissingError } from "../../../errors.ts";
import type { OtlpLogRecord } from "../../../records/otlp_records.ts";
import { logsData } from "../../../sinks/otlp_json.ts";
import type { OtlpProtocol } from "./otlp_options.ts";

/** What was thrown away of a request that was taken. */
export interface Rejection {
  readonly count: number;
  readonly description: string;
}

/** Writes requests in a protocol. */
export interface OtlpEncoder {
  readonly contentType: string;
  /** The bytes of an export request; of no records it is a valid one, too. */
  encode(records: readonly OtlpLogRecord[]): Uint8Array<ArrayBuffer>;
  /** What the answer to a request that was taken says; `undefined` if that is nothing, or not one. */
  rejectionIn(answer: Uint8Array): Rejection | undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const json: OtlpEncoder = {
  contentType: "application/json",
  encode: (records) => encoder.encode(logsData(records)),
  rejectionIn(answer) {
    try {
      return rejectionOf(JSON.parse(decoder.decode(answer)));
    } catch {
      return undefined;
    }
  },
};

/**
 * Gives what writes that protocol.
 *
 * @throws {PackageMissingError} if the package for protobuf is not installed
 */
export async function otlpEncoder(protocol: OtlpProtocol): Promise<OtlpEncoder> {
  if (protocol === "http/json") return json;
  const { ProtobufLogsSerializer } = await import("@opentelemetry/otlp-transformer")
    .catch(explainMissing);
  return {
    contentType: "application/x-protobuf",
    encode(records) {
      // They have all that is read of a record of the SDK.
      const readable = records as unknown as ReadableLogRecord[];
      const bytes = ProtobufLogsSerializer.serializeRequest(readable);
      return bytes as Uint8Array<ArrayBuffer>;
    },
    rejectionIn(answer) {
      try {
        return rejectionOf(ProtobufLogsSerializer.deserializeResponse(answer));
      } catch {
        return undefined;
      }
    },
  };
}

function rejectionOf(response: unknown): Rejection | undefined {
  const { partialSuccess } = Object(response);
  const { rejectedLogRecords, errorMessage } = Object(partialSuccess);
  // 64 bits are text in JSON.
  const count = Number(rejectedLogRecords ?? 0);
  const description = typeof errorMessage === "string" ? errorMessage : "";
  return count > 0 ? { count, description } : undefined;
}

function explainMissing(error: Error & { code?: string }): never {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  throw new PackageMissingError(
    "OTLP in protobuf needs the package @opentelemetry/otlp-transformer " +
      "(npm install @opentelemetry/otlp-transformer @opentelemetry/api); " +
      'the protocol "http/json" needs none',
    { cause: error },
  );
}
