/**
 * The client of NATS, which the npm package does not bring: only users of NATS install it. And what its
 * errors mean: they are known by their names and codes.
 *
 * @module
 */

import type { JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import {
  ClosedError,
  NatsRefusedError,
  OuroborosError,
  PackageMissingError,
  StreamUnusableError,
} from "../../../errors.ts";
import { isCertificateCode } from "../tls.ts";

type Transport = typeof import("@nats-io/transport-node");
type JetStream = typeof import("@nats-io/jetstream");

/**
 * `@nats-io/transport-node`: connects, and has all of the core of the client.
 *
 * @throws {PackageMissingError} if it is not installed
 */
export async function transportPackage(): Promise<Transport> {
  return exportsOf(await import("@nats-io/transport-node").catch(explainMissing));
}

/**
 * `@nats-io/jetstream`: streams and consumers.
 *
 * @throws {PackageMissingError} if it is not installed
 */
export async function jetstreamPackage(): Promise<JetStream> {
  return exportsOf(await import("@nats-io/jetstream").catch(explainMissing));
}

/**
 * What finds and makes streams and consumers. Nothing is asked of the server yet.
 *
 * @throws {PackageMissingError} if the package is not installed
 */
export async function managerOf(
  client: NatsConnection,
  domain: string | undefined,
): Promise<JetStreamManager> {
  const { jetstreamManager } = await jetstreamPackage();
  return await jetstreamManager(client, { checkAPI: false, domain });
}

/** What a CommonJS package exports, on whichever runtime. */
function exportsOf<T extends object>(module: T & { default?: T }): T {
  return module.default ?? module;
}

function explainMissing(error: Error & { code?: string }): never {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  throw new PackageMissingError(
    "NATS needs the packages @nats-io/transport-node and @nats-io/jetstream " +
      "(npm install @nats-io/transport-node @nats-io/jetstream)",
    { cause: error },
  );
}

/** The client's errors after which the next attempt may fare better. */
const PASSING_ERRORS =
  /^(TimeoutError|RequestError|ClosedConnectionError|DrainingConnectionError|ConsumerNotFoundError|NoResponders.*)$/;
/**
 * The same of the server: a cluster is being set up or has no leader (too few servers, not available,
 * not now), or somebody makes or removes the consumer at this moment.
 */
const PASSING_CODES: readonly number[] = [10005, 10008, 10009, 10013, 10105, 10148];

/** Whether the next attempt may fare better: the server comes up, or somebody else was quicker. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || isForbidden(error)) return false;
  return PASSING_ERRORS.test(error.name) ||
    error.name === "JetStreamApiError" && PASSING_CODES.includes(codeOf(error));
}

/** The number that the server gives to a reason; 0 if it gives none. */
export function codeOf(error: unknown): number {
  return Number(Object(error).code ?? 0);
}

/** Whether something was not permitted: it is the reason that the client gives for what came of it. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error &&
    (error.name === "PermissionViolationError" || isForbidden(error.cause));
}

/** Whether a server does not let us in, or is not the one that it should be: asking again is of no use. */
export function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { name, code, cause } = error as Error & { code?: unknown };
  return name === "AuthorizationError" || name === "UserAuthenticationExpiredError" ||
    name === "PermissionViolationError" ||
    isCertificateCode(code) ||
    cause !== undefined && isRefusal(cause);
}

/** What the client says, as our error. */
export function refused(error: Error): NatsRefusedError {
  return new NatsRefusedError(`the NATS server refuses: ${error.message}`, { cause: error });
}

export function closedError(cause?: unknown): ClosedError {
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new ClosedError(`the connection to NATS is closed${why}`);
}

/** What is wrong with a stream, or with `what` of it, in the words of those who use this. */
export function explained(
  error: unknown,
  stream: string,
  what: string = `stream "${stream}"`,
): unknown {
  if (!(error instanceof Error) || error instanceof OuroborosError) return error;
  if (isForbidden(error)) return refused(error);
  const { name, message } = error;
  const text = name === "StreamNotFoundError"
    ? `there is no stream "${stream}"`
    : name === "JetStreamNotEnabled"
    ? "the NATS server has no JetStream (nats-server -js)"
    : name === "InvalidArgumentError" && message.includes("max_payload")
    ? "max_payload of the NATS server is too small for its own requests: raise it to 4096 or more"
    : `${what} can't be used: ${message}`;
  return new StreamUnusableError(text, { cause: error });
}
