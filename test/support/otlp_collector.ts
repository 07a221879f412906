/** A collector of OpenTelemetry: it takes what the schema allows, and nothing else. */

import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { StoredMessage } from "./memory_carrier.ts";
import { pairsIn, requestOfJson, requestOfProtobuf, valueIn } from "./otlp_schema.ts";

/** A record, with what it is of. */
export interface TakenRecord {
  readonly resource: Record<string, unknown>;
  readonly scope: string;
  readonly attributes: Record<string, unknown>;
  readonly body: unknown;
  /** All of it, as JSON has it. */
  readonly record: Record<string, unknown>;
}

/** A request that has come. */
export interface TakenRequest {
  readonly headers: IncomingMessage["headers"];
  readonly records: readonly TakenRecord[];
  /** Its size in bytes, and that before it was compressed. */
  readonly sent: number;
  readonly size: number;
}

/** What it answers in place of taking a request; `undefined`: it takes it. */
export type Refuse = (
  request: TakenRequest,
  response: ServerResponse,
  place: number,
) => boolean | undefined | Promise<boolean | undefined>;

/** Answers an `ExportLogsServiceResponse` in the protocol of the request. */
export function partly(
  { headers }: TakenRequest,
  response: ServerResponse,
  rejected: number,
  words: string,
): void {
  const type = headers["content-type"]!;
  const partial = [8, rejected, 18, words.length, ...Buffer.from(words)];
  const body = type === "application/json"
    ? JSON.stringify({
      partialSuccess: { rejectedLogRecords: String(rejected), errorMessage: words },
    })
    : Buffer.from([10, partial.length, ...partial]);
  response.writeHead(200, { "content-type": type }).end(body);
}

/** A collector on a port of this machine. */
export class OtlpCollector implements AsyncDisposable {
  /** What it has taken, in order; with what came again. */
  readonly records: TakenRecord[] = [];
  /** What has come, and was not refused by its size; without those that are empty. */
  readonly requests: TakenRequest[] = [];
  /** What was not OTLP. */
  readonly complaints: string[] = [];
  /** The largest request, in bytes before it was compressed. */
  mostBytes = Infinity;
  /** Asked of each request, also of empty ones. */
  refuse: Refuse = () => false;
  readonly #server: Server;
  #count = 0;

  private constructor(tls?: { cert: string; key: string; ca?: string }) {
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      void this.#answer(request, response).catch((error) => {
        this.complaints.push(String(error));
        response.writeHead(400, { "content-type": "text/plain" }).end(String(error));
      });
    this.#server = tls === undefined
      ? createServer(answer)
      : createTlsServer({ ...tls, ...tls.ca !== undefined && { requestCert: true } }, answer);
  }

  /** Starts one. */
  static async start(
    { port = 0, tls }: { port?: number; tls?: { cert: string; key: string; ca?: string } } = {},
  ): Promise<OtlpCollector> {
    const collector = new OtlpCollector(tls);
    await new Promise<void>((resolve, reject) => {
      collector.#server.once("error", reject);
      collector.#server.listen(port, "127.0.0.1", () => resolve());
    });
    return collector;
  }

  /** Its port. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Its address, without a path. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What was taken, each once, as a carrier was given it. */
  get stored(): StoredMessage[] {
    const all = new Map<string, StoredMessage>();
    for (const record of this.records) {
      const message = messageOf(record);
      const { source, from, to, reason, filtered } = message;
      const key = JSON.stringify([source, from, to, reason, filtered]);
      if (!all.has(key)) all.set(key, message);
    }
    return [...all.values()];
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      // Where closing waits for what is idle.
      setTimeout(resolve, 500).unref?.();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      // Whoever sent it is gone.
      return;
    }
    const sent = Buffer.concat(chunks);
    if (request.method !== "POST" || !request.url?.endsWith("/v1/logs")) {
      response.writeHead(404, { "content-type": "text/plain" }).end("not here");
      return;
    }
    const { headers } = request;
    const body = headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
    if (body.length > this.mostBytes) {
      response.writeHead(413, { "content-type": "text/plain" }).end("too large");
      return;
    }
    const type = headers["content-type"];
    const records = type === "application/json"
      ? recordsIn(requestOfJson(new TextDecoder().decode(body)))
      : type === "application/x-protobuf"
      ? recordsIn(requestOfProtobuf(body))
      : undefined;
    if (records === undefined) throw new Error(`content type ${type}`);
    const taken = { headers, records, sent: sent.length, size: body.length };
    if (records.length > 0) this.requests.push(taken);
    if (await this.refuse(taken, response, this.#count++)) return;
    this.records.push(...records);
    // It may have been answered, or not at all.
    if (response.headersSent || response.destroyed) return;
    response.writeHead(200, { "content-type": type }).end(type === "application/json" ? "{}" : "");
  }
}

export function recordsIn(request: Record<string, unknown>): TakenRecord[] {
  type Node = Record<string, never>;
  const records: TakenRecord[] = [];
  for (const ofResource of (request.resourceLogs ?? []) as Node[]) {
    const resource = pairsIn((ofResource.resource as Node).attributes);
    for (const ofScope of ofResource.scopeLogs as Node[]) {
      for (const record of ofScope.logRecords as Node[]) {
        records.push({
          resource,
          scope: (ofScope.scope as Node).name,
          attributes: pairsIn(record.attributes),
          body: record.body === undefined ? undefined : valueIn(record.body),
          record,
        });
      }
    }
  }
  return records;
}

/** What a forwarder has made a record of: a line that is no record itself. */
export function messageOf({ resource, attributes, body, record }: TakenRecord): StoredMessage {
  const source = {
    host: resource["host.name"] as string,
    name: resource["ouroboros.log"] as string,
    segment: resource["ouroboros.segment"] as string,
  };
  const time = Number(BigInt(record.observedTimeUnixNano as string) / 1_000_000n);
  const reason = attributes["ouroboros.gap.reason"] as string | undefined;
  const from = Number(attributes[reason ? "ouroboros.gap.from" : "ouroboros.seq"]);
  const to = reason ? Number(attributes["ouroboros.gap.to"]) : from;
  const cut = attributes["ouroboros.truncated_from"];
  return {
    ...{ source, from, to, reason, time, filtered: Number(attributes["ouroboros.filtered"] ?? 0) },
    bytes: reason
      ? new Uint8Array()
      : body instanceof Uint8Array
      ? body
      : new TextEncoder().encode(body as string),
    cutFrom: cut === undefined ? undefined : Number(cut),
  };
}
