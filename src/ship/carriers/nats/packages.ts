/**
 * The client of NATS, which the npm package does not bring: only who uses NATS installs it.
 *
 * @module
 */

import { PackageMissingError } from "../../../errors.ts";

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
