/**
 * A service that logs two lines a request: `service.ts FRAMEWORK LOGGER PATH`. It prints its port, then
 * answers lines of its standard input: `cpu` with its CPU time in µs, `end` once all is written.
 */

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { serve } from "@hono/node-server";
import fastify, { type FastifyBaseLogger } from "fastify";
import { Hono } from "hono";
import { pino } from "pino";
import { createLogger } from "../../src/logger/mod.ts";
import { shmDestination } from "../../src/sinks/pino.ts";

interface Logging {
  /** None for the service that logs nothing. */
  log?: FastifyBaseLogger;
  /** Returns once all lines are written. */
  end(): unknown;
}

const BODY = { ok: true };
const HOST = "127.0.0.1";
/** Large enough that all lines are still there in the end. */
const LOG = { size: "64MiB", unlinkOnClose: false };

const loggers: Record<string, (path: string) => Logging> = {
  "this logger": (target) => {
    const log = createLogger({ target, ...LOG });
    return { log, end: () => log.close() };
  },
  "pino, our sink": (target) => {
    const destination = shmDestination({ target, ...LOG });
    return { log: pino(destination), end: () => destination.end() };
  },
  "pino, async file": (dest) => {
    const destination = pino.destination({ dest, sync: false, minLength: 4096 });
    return {
      log: pino(destination),
      // The callback of flush() may come before the last lines are written.
      end() {
        const closed = once(destination, "close");
        destination.end();
        return closed;
      },
    };
  },
  "pino, sync file": (dest) => {
    const destination = pino.destination({ dest, sync: true });
    return { log: pino(destination), end: () => destination.flushSync() };
  },
  "no logger": () => ({ end: () => {} }),
};

/** Starts a service; gives its port, and what ends it once it has answered. */
const frameworks: Record<string, (log?: FastifyBaseLogger) => Promise<[number, () => unknown]>> = {
  /** Its own lines: of a request that comes, and of one that is completed. */
  async Fastify(log) {
    const app = fastify(log === undefined ? {} : { loggerInstance: log });
    app.get("/hello/:name", () => Promise.resolve(BODY));
    await app.listen({ port: 0, host: HOST });
    return [(app.server.address() as AddressInfo).port, () => app.close()];
  },
  /** A line of a handler, and one of a middleware. */
  async Hono(log) {
    const app = new Hono();
    if (log !== undefined) {
      app.use(async (c, next) => {
        const start = Date.now();
        await next();
        const { method, path } = c.req;
        log.info({ method, path, status: c.res.status, ms: Date.now() - start }, "request done");
      });
    }
    app.get("/hello/:name", (c) => {
      log?.info({ name: c.req.param("name"), ok: true }, "in the handler");
      return c.json(BODY);
    });
    return [await listen(app), () => {}];
  },
};

/** Serves as Hono's documentation says for each runtime; gives the port. */
function listen({ fetch }: Hono): number | Promise<number> {
  const { Bun, Deno } = globalThis as unknown as {
    Bun?: { serve(options: object): { port: number } };
    Deno?: { serve(options: object, fetch: unknown): { addr: { port: number } } };
  };
  if (Bun !== undefined) return Bun.serve({ port: 0, hostname: HOST, fetch }).port;
  if (Deno !== undefined) {
    return Deno.serve({ port: 0, hostname: HOST, onListen() {} }, fetch).addr.port;
  }
  return new Promise((resolve) =>
    serve({ port: 0, hostname: HOST, fetch }, ({ port }) => resolve(port))
  );
}

const [framework, logger, path] = process.argv.slice(2);
const { log, end } = loggers[logger](path);
const [port, stop] = await frameworks[framework](log);
console.log(port);
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "end") {
    await stop();
    await end();
  }
  const { user, system } = process.cpuUsage();
  console.log(user + system);
}
