/**
 * Requests to one address, one after the other on a connection that stays.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { CollectorRefusedError } from "../../../errors.ts";
import { isCertificateCode } from "../tls.ts";
import type { OtlpTlsOptions } from "./otlp_options.ts";

/** How much of an answer is read, in bytes: it is a few words, whatever the other side sends. */
const MOST_ANSWERED = 1 << 16;
/** Below, compressing takes more than it saves. */
const SMALL = 512;
/** The same in words, where there is no code. */
const INVALID_CERTIFICATE = /invalid peer certificate|self[- ]signed certificate/i;

const compress = promisify(gzip);

/** What was answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** How to send requests. */
export interface HttpClientOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly compression: "gzip" | "none";
  readonly tls: OtlpTlsOptions;
}

/** Sends requests to an address. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #agentOptions: https.AgentOptions;
  #agent: http.Agent | undefined;

  /**
   * Reads the files of certificates.
   *
   * @throws {Error} what reading them throws
   */
  constructor(options: HttpClientOptions) {
    this.#options = options;
    const { caFile, certFile, keyFile } = options.tls;
    this.#agentOptions = {
      keepAlive: true,
      maxSockets: 1,
      ...caFile !== undefined && { ca: readFileSync(caFile) },
      ...certFile !== undefined && { cert: readFileSync(certFile) },
      ...keyFile !== undefined && { key: readFileSync(keyFile) },
    };
  }

  /**
   * Sends a request, and gives the answer.
   *
   * @throws {CollectorRefusedError} if the certificates do not fit
   * @throws {Error} if no answer comes, because of the network or of `signal`
   */
  async post(body: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<HttpAnswer> {
    const { url, headers, contentType, compression } = this.#options;
    const isCompressed = compression === "gzip" && body.length >= SMALL;
    const sent = isCompressed
      ? await compress(body, { level: constants.Z_BEST_SPEED })
      : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    signal.throwIfAborted();
    const isEncrypted = url.protocol === "https:";
    this.#agent ??= isEncrypted
      ? new https.Agent(this.#agentOptions)
      : new http.Agent(this.#agentOptions);
    const options: https.RequestOptions = {
      ...isEncrypted && this.#agentOptions,
      agent: this.#agent,
      method: "POST",
      headers: {
        "user-agent": "ouroboros",
        ...headers,
        "content-type": contentType,
        "content-length": sent.length,
        ...isCompressed && { "content-encoding": "gzip" },
      },
    };
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    const request = (isEncrypted ? https : http).request(url, options, (response) => {
      const chunks: Uint8Array[] = [];
      let size = 0;
      const answered = () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        });
      response.on("data", (chunk: Uint8Array) => {
        size += chunk.length;
        if (size <= MOST_ANSWERED) chunks.push(chunk);
        else {
          answered();
          request.destroy();
        }
      });
      response.on("end", answered);
      response.on("error", reject);
      response.on("close", () => reject(new Error("the answer ended in the middle")));
    });
    const abort = () => {
      request.destroy();
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    request.on("error", (error) => reject(explained(error)));
    // It may be closed without a word.
    request.on("close", () => setTimeout(() => reject(new Error("the connection was closed"))));
    request.end(sent);
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Ends the connection. The next request makes another. */
  disconnect(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
  }
}

function explained(error: Error & { code?: string }): Error {
  const isTls = isCertificateCode(error.code) || INVALID_CERTIFICATE.test(error.message);
  return isTls
    ? new CollectorRefusedError(`the certificates do not fit: ${error.message}`, { cause: error })
    : error;
}
