/** The logger is what TypeScript takes for a pino: that this file compiles is the test. */

import test from "node:test";
import type { FastifyBaseLogger } from "fastify";
import type { BaseLogger, Logger as PinoLogger } from "pino";
import { Writer } from "../../mod.ts";
import { createLogger, type Logger } from "../../src/logger/mod.ts";

/** Compiles only if a `From` may be given where a `To` is wanted. */
function taken<To>(value: To): To {
  return value;
}

test("a logger may be given where a pino, or Fastify's logger, is expected", () => {
  const writer = Writer.create(new ArrayBuffer(65536), { chunkCount: 4 });
  const log: Logger = createLogger({ writer });
  taken<BaseLogger>(log);
  taken<FastifyBaseLogger>(log);
  taken<PinoLogger>(log);
  taken<Pick<PinoLogger, "child" | "bindings" | "flush" | "isLevelEnabled">>(log);

  const custom = createLogger({ writer, customLevels: { notice: 35 } });
  custom.notice("typed");
  custom.child({}, { customLevels: { shout: 70 } }).shout({ a: 1 }, "typed, too");
  taken<BaseLogger>(custom.child({}));
  // @ts-expect-error: there is no such level.
  custom.loud?.("x");

  const event = log.event("done", { status: "int", path: "string", ok: "boolean" });
  event(200, "/x", true);
  event({ status: 200, path: "/x" });
  // @ts-expect-error: a status is a number.
  event({ status: "200" });
  // @ts-expect-error: there is no such type.
  (() => log.event("x", { a: "integer" }));
  log.info({ a: 1 }, "with %s", "arguments");
  log.error(new Error("x"));
  log.level = "debug";
});
