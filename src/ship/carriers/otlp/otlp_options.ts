/**
 * Where a collector of OpenTelemetry is, how to be let in, and how records are sent.
 *
 * @module
 */

import {
  callback,
  checkOptions,
  type Checks,
  integer,
  LONGEST_SLEEP,
  milliseconds,
  oneOf,
} from "../../../base/options.ts";
import { tlsChecks } from "../tls.ts";

/** Where a collector is, and how records are sent to it. */
export interface OtlpOptions {
  /**
   * The collector: `"http://host:4318"` or `"https://…"`. Unless its path ends with it, `/v1/logs` is
   * added: `http://loki:3100/otlp` is `http://loki:3100/otlp/v1/logs`. A `URL` is taken as it is.
   */
  url: string | URL;
  /** Headers of each request: keys of vendors, tenants. */
  headers?: Readonly<Record<string, string>>;
  /**
   * How records are written: `"http/protobuf"`, which needs the package `@opentelemetry/otlp-transformer`,
   * or `"http/json"`, which needs none. Default `"http/protobuf"`.
   */
  protocol?: OtlpProtocol;
  /** How requests are compressed. Default `"gzip"`. */
  compression?: "gzip" | "none";
  /**
   * Attributes of the resource beside `host.name`, `ouroboros.log` and `ouroboros.segment`. What a line
   * says of its own resource goes before. Default `service.name`: the last part of the log's name.
   */
  resource?: Readonly<Record<string, string>>;
  /** The most records in a request. Default 2048, and never more than half of `maxInFlight`. */
  maxBatch?: number;
  /**
   * The most bytes of a request before it is compressed, about; also of an entry. Default 1 MiB. Vendors
   * have limits: see theirs.
   */
  maxBatchBytes?: number;
  /** For how many milliseconds a record may wait for others. Default 100. */
  linger?: number;
  /** How to encrypt, with an `https:` address. */
  tls?: OtlpTlsOptions;
  /** Called when the collector is there, and when it is not. What it throws ends the forwarding. */
  onStatus?: (status: OtlpStatus) => void;
}

/** How records are written. */
export type OtlpProtocol = "http/protobuf" | "http/json";

/** Files in PEM for encrypted connections. */
export interface OtlpTlsOptions {
  /** The path of the certificates of authorities to trust, in place of those of the runtime. */
  caFile?: string;
  /** The path of our certificate, for a collector that wants one. */
  certFile?: string;
  /** The path of its key. */
  keyFile?: string;
}

/** Whether the collector is there. */
export interface OtlpStatus {
  /**
   * `"connected"`, at first and again; `"disconnected"`: a request got no answer; `"retrying"`: an attempt
   * to reach it for the first time has failed.
   */
  readonly type: "connected" | "disconnected" | "retrying";
  /** The collector, as host and port. */
  readonly server: string;
  /** Why. */
  readonly error?: Error;
}

/** The ways to write records, for the command line. */
export const OTLP_PROTOCOLS: readonly OtlpProtocol[] = ["http/protobuf", "http/json"];

/** What {@linkcode OtlpOptions} may be. */
export const otlpChecks: Checks<OtlpOptions> = {
  url: (_name, value) => void endpointOf(value),
  headers: (_name, value) => checkHeaders(value),
  protocol: oneOf(...OTLP_PROTOCOLS),
  compression: oneOf("gzip", "none"),
  resource: checkTexts,
  maxBatch: integer(1),
  maxBatchBytes: integer(1024, undefined, "bytes"),
  linger: milliseconds(0, LONGEST_SLEEP),
  tls: (name, value) => checkOptions(name, value as OtlpTlsOptions, tlsChecks),
  onStatus: callback,
};

/**
 * The address that logs are sent to.
 *
 * @throws {RangeError} if it is not the address of a collector
 */
export function endpointOf(url: unknown): URL {
  const isUrl = url instanceof URL;
  const address = typeof url === "string" || isUrl ? URL.parse(url) : null;
  if (address === null || !/^https?:$/.test(address.protocol)) {
    throw new RangeError(`url is ${said(url)}, but must be like "http://localhost:4318"`);
  }
  if (address.username !== "" || address.password !== "") {
    throw new RangeError("url has a user or a password: use the header authorization for them");
  }
  if (!isUrl) {
    const path = address.pathname.replace(/\/+$/, "");
    address.pathname = path.endsWith("/v1/logs") ? path : `${path}/v1/logs`;
  }
  address.hash = "";
  return address;
}

/** Throws unless they can be headers; the message has no value, which may be a secret. */
function checkHeaders(headers: unknown): void {
  checkTexts("headers", headers);
  for (const [name, value] of Object.entries(headers as Record<string, string>)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw new RangeError(`headers: ${JSON.stringify(name)} is not a name of a header`);
    }
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new RangeError(`headers: the value of ${name} has characters that no header has`);
    }
    if (/^(content-(type|encoding|length)|transfer-encoding|host|connection)$/i.test(name)) {
      throw new RangeError(`headers: ${name} is set by this library: leave it out`);
    }
  }
}

function checkTexts(name: string, value: unknown): void {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject && Object.values(value).every((one) => typeof one === "string")) return;
  throw new TypeError(`${name} must be an object whose values are strings`);
}

/** What is no address, without what may be a password in it. */
function said(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.replace(/^("?(?:[\w+.-]+:\/\/)?).*@/, "$1***@");
}
