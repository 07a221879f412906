/**
 * How commands get to a collector of OpenTelemetry.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  endpointOf,
  OTLP_PROTOCOLS,
  type OtlpOptions,
  type OtlpProtocol,
  type OtlpStatus,
} from "../../ship/carriers/otlp/otlp_options.ts";
import { warn } from "../output/warn.ts";

/** What the help of such a command says about it. */
export const OTLP_HELP = `A collector of OpenTelemetry, or what takes OTLP over HTTP, is
otlp+http://HOST:4318 or otlp+https://…; /v1/logs is added. The environment may
have what its SDKs read there: OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS, _PROTOCOL,
_COMPRESSION, _TIMEOUT, _CERTIFICATE, _CLIENT_CERTIFICATE and _CLIENT_KEY, each
also for logs alone (OTEL_EXPORTER_OTLP_LOGS_…), OTEL_SERVICE_NAME and
OTEL_RESOURCE_ATTRIBUTES. Keep keys of vendors there, or in a file with a header
a line (--header @FILE).`;

/** What these options leave behind. */
export interface OtlpCommandOptions {
  header?: readonly string[];
  service?: string;
  protocol?: OtlpProtocol;
  tlsCa?: string;
  tlsCert?: string;
  tlsKey?: string;
}

/** What they are called; none of them is of use with NATS. */
export const OTLP_ONLY = ["header", "service", "protocol"] as const;

/** Names of headers that have secrets. */
const SECRET = /auth|key|token|secret|password|cookie/i;
const ADDRESS = /^otlp\+(?=https?:)/i;

/** Adds the options, all but the address itself and those of certificates. */
export function addOtlpOptions(command: Command): Command {
  return command
    .option(
      "--header <header>",
      '"name: value", or @FILE with a header a line; may be repeated',
      headerArgument,
    )
    .option("--service <name>", "service.name (default: the last part of the log's name)")
    .addOption(
      new Option("--protocol <protocol>", "how records are written (default: http/protobuf)")
        .choices(OTLP_PROTOCOLS),
    );
}

/** Whether a target is a collector. */
export function isCollector(target: string): boolean {
  return ADDRESS.test(target);
}

/** The address of a collector; a mistake in it is one of usage, before anything is begun. */
export function collectorArgument(text: string): string {
  try {
    endpointOf(text.replace(ADDRESS, ""));
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
  return text;
}

function headerArgument(text: string, previous: readonly string[] = []): string[] {
  if (!text.startsWith("@")) {
    const [name] = headerOf(text) ?? [];
    if (name === undefined) throw new InvalidArgumentError('"name: value" or @FILE is expected.');
    if (SECRET.test(name)) {
      warn(
        `all users of this machine can read the value of ${name} in the command line: see --help`,
      );
    }
  }
  return [...previous, text];
}

function headerOf(line: string): [name: string, value: string] | undefined {
  const [, name, value] = /^\s*([^\s:]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
  return name === undefined ? undefined : [name.toLowerCase(), value];
}

/** Headers of the command line, and of files: one a line. */
function headersOf(given: readonly string[]): Record<string, string> {
  const lines = given.flatMap((text) => {
    if (!text.startsWith("@")) return [text];
    return readFileSync(text.slice(1), "utf8").split("\n").filter((line) => line.trim() !== "");
  });
  return Object.fromEntries(lines.map((line) => {
    const header = headerOf(line);
    // Without the line, which may have a secret.
    if (header === undefined) throw new RangeError("--header @FILE needs lines like name: value");
    return header;
  }));
}

/** A variable of the environment for logs, or for all signals; one that is empty is not set. */
function variable(name: string): string | undefined {
  const { env } = process;
  return env[`OTEL_EXPORTER_OTLP_LOGS_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`] || undefined;
}

/** The collector of the environment. */
export function collectorOfEnvironment(): string | URL | undefined {
  const { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: logs, OTEL_EXPORTER_OTLP_ENDPOINT: all } = process.env;
  // That one is taken as it is.
  const ofLogs = logs ? URL.parse(logs) : null;
  return ofLogs ?? (logs || all || undefined);
}

/**
 * How to send, by the command line and the environment.
 *
 * @throws {RangeError} if a variable has what can't be
 */
export function otlpOptions(
  to: string | URL,
  options: OtlpCommandOptions,
): OtlpOptions & { ackTimeout?: number } {
  const { env } = process;
  const protocol = options.protocol ?? variable("PROTOCOL");
  const compression = variable("COMPRESSION");
  const timeout = variable("TIMEOUT");
  const service = options.service ?? env.OTEL_SERVICE_NAME;
  const tls = {
    ...file("caFile", options.tlsCa ?? variable("CERTIFICATE")),
    ...file("certFile", options.tlsCert ?? variable("CLIENT_CERTIFICATE")),
    ...file("keyFile", options.tlsKey ?? variable("CLIENT_KEY")),
  };
  return {
    url: typeof to === "string" ? to.replace(ADDRESS, "") : to,
    headers: {
      ...pairsIn("OTEL_EXPORTER_OTLP_HEADERS"),
      ...pairsIn("OTEL_EXPORTER_OTLP_LOGS_HEADERS"),
      ...headersOf(options.header ?? []),
    },
    ...protocol !== undefined && { protocol: protocol as OtlpProtocol },
    ...compression !== undefined && { compression: compression as "gzip" | "none" },
    ...timeout !== undefined && { ackTimeout: Number(timeout) },
    resource: { ...pairsIn("OTEL_RESOURCE_ATTRIBUTES"), ...service && { "service.name": service } },
    ...Object.keys(tls).length > 0 && { tls },
    onStatus: sayStatus(),
  };
}

/** `name=value,name=value`, with %XX for what is not allowed there. */
function pairsIn(name: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const pair of (process.env[name] ?? "").split(",")) {
    if (pair.trim() === "") continue;
    const [, key, value] = /^\s*([^=]+?)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    try {
      if (key === undefined) throw new RangeError("no value");
      pairs[decodeURIComponent(key)] = decodeURIComponent(value);
    } catch {
      // Without what it has, which may be a secret.
      throw new RangeError(`${name} must be like name=value,name=value with %XX`);
    }
  }
  return pairs;
}

function file<K extends string>(key: K, path: string | undefined): { [key in K]?: string } {
  return (path ? { [key]: path } : {}) as { [key in K]?: string };
}

/** Reports whether the collector is there; the same state only once. */
function sayStatus(): (status: OtlpStatus) => void {
  let last = "";
  return ({ type, server, error }) => {
    const why = error === undefined ? "" : `: ${error.message}`;
    const text = {
      connected: last === "" ? "" : `the collector is there (${server})`,
      disconnected: `no answer of the collector (${server})${why}; trying again and again`,
      retrying: `no collector yet (${server})${why}; trying again and again`,
    }[type];
    if (text !== "" && text !== last) warn(text);
    last = text || last;
  };
}
