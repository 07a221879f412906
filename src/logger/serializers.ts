/**
 * pino's serializers.
 *
 * @module
 */

import serializers from "pino-std-serializers";
import type { SerializerFn } from "./style.ts";

/** The serializers that pino brings. */
export interface StandardSerializers {
  /** An error as an object with `type`, `message` and `stack`, those of its causes in them. */
  err: SerializerFn;
  /** The same with the causes as objects. */
  errWithCause: SerializerFn;
  /** A request of `node:http`, or of a framework that has such ones. */
  req: SerializerFn;
  /** A response of `node:http`. */
  res: SerializerFn;
  /** `{ req }` of a request. */
  mapHttpRequest: SerializerFn;
  /** `{ res }` of a response. */
  mapHttpResponse: SerializerFn;
  /** A serializer that gets what `err` makes. */
  wrapErrorSerializer: (serializer: SerializerFn) => SerializerFn;
  /** A serializer that gets what `req` makes. */
  wrapRequestSerializer: (serializer: SerializerFn) => SerializerFn;
  /** A serializer that gets what `res` makes. */
  wrapResponseSerializer: (serializer: SerializerFn) => SerializerFn;
}

/**
 * pino's serializers, for the option `serializers`. `err` is there without it.
 *
 * @example
 * ```ts
 * import { createLogger, stdSerializers } from "@ouroboros/log/logger";
 *
 * const log = createLogger({
 *   target: "/doc-logger-serializers",
 *   unlinkOnClose: true,
 *   serializers: { req: stdSerializers.req, res: stdSerializers.res },
 * });
 * log.close();
 * ```
 */
export const stdSerializers: StandardSerializers = Object.assign(
  Object.create(null),
  serializers,
);
