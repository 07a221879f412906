/** The real frameworks with our logger in the place of a pino: their request lines are in the log. */

import assert from "node:assert/strict";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import test from "node:test";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { logger as honoLogger } from "hono/logger";
import { pino } from "pino";
import { pinoHttp } from "pino-http";
import { Reader, segmentSize, Writer } from "../../mod.ts";
import { recognizeRecord } from "../../src/records/recognize.ts";
import {
  createLogger,
  type Logger,
  type LoggerOptions,
  withContext,
} from "../../src/logger/mod.ts";
import { needsConnections } from "../support/platform.ts";
import { runtimeName } from "../support/runtime.ts";

interface Line {
  level: number;
  msg: string;
  // deno-lint-ignore no-explicit-any
  [name: string]: any;
}

function make(options: Partial<LoggerOptions> = {}): { log: Logger; lines(): Line[] } {
  const memory = new ArrayBuffer(segmentSize(4, 65536));
  const writer = Writer.create(memory, { chunkCount: 4 });
  const log = createLogger({ writer, ...options } as LoggerOptions);
  const reader = new Reader(memory);
  return { log, lines: () => [...reader].map(({ text }) => JSON.parse(text)) };
}

/** What is the same at each run of a line. */
function steady({ time, responseTime, pid, hostname, ...line }: Line): Line {
  assert.equal(typeof time, "number");
  assert.equal(typeof pid, "number");
  assert.ok(responseTime === undefined || typeof responseTime === "number");
  assert.ok(hostname);
  for (const { req, res } of [line]) {
    if (req !== undefined) {
      delete req.remotePort;
      delete req.headers;
      delete req.host;
    }
    if (res !== undefined) delete res.headers;
  }
  delete line.err?.stack;
  return line;
}

/** Serves while something is asked of the server. */
async function serving(
  listener: RequestListener,
  ask: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    await ask(`http://127.0.0.1:${port}`);
  } finally {
    server.closeAllConnections?.();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Asks for a path, and reads the answer to its end. */
async function get(url: string): Promise<number> {
  const answer = await fetch(url);
  await answer.text();
  return answer.status;
}

// deno-lint-ignore no-explicit-any
async function withFastify(loggerInstance: any): Promise<void> {
  const app = fastify({ loggerInstance, requestIdHeader: "x-id" });
  app.get("/hello/:name", (request, reply) => {
    request.log.info({ name: (request.params as { name: string }).name }, "in the handler");
    reply.send({ ok: true });
  });
  app.get("/fails", () => {
    throw new RangeError("the handler failed");
  });
  app.get("/own", { logLevel: "error", logSerializers: { user: () => "hidden" } }, (request) => {
    request.log.info("not seen");
    request.log.error({ user: { id: 7 } }, "seen");
    return "";
  });
  const headers = { "x-id": "r-1" };
  await app.inject({ url: "/hello/ada", headers });
  await app.inject({ url: "/fails", headers });
  await app.inject({ url: "/own", headers });
  await app.inject({ url: "/missing", headers });
  await app.close();
}

test("Fastify: loggerInstance gives the lines that it gives with pino", async () => {
  const { log, lines } = make();
  await withFastify(log);
  const theirs: Line[] = [];
  await withFastify(pino({}, { write: (line: string) => theirs.push(JSON.parse(line)) }));
  const ours = lines();
  assert.ok(ours.length >= 8, `${ours.length} lines`);
  assert.deepEqual(ours.map(steady), theirs.map(steady));
  // As the commands and the page see them.
  const record = recognizeRecord(JSON.stringify(ours[0]));
  assert.deepEqual([record?.level, record?.message], ["info", "incoming request"]);
});

test(
  "pino-http, with Express: request lines as with pino",
  { skip: needsConnections },
  async () => {
    const ask = async (logger: never) => {
      const app = express();
      app.use(pinoHttp({ logger, genReqId: () => "r-1" }));
      app.get("/hello", (request: IncomingMessage, response: ServerResponse) => {
        request.log.info({ in: "handler" }, "in the handler");
        response.end("ok");
      });
      app.get("/fails", (_request: IncomingMessage, response: ServerResponse) => {
        response.err = new Error("it failed");
        response.statusCode = 500;
        response.end();
      });
      await serving(app, async (url) => {
        assert.equal(await get(`${url}/hello?a=1`), 200);
        assert.equal(await get(`${url}/fails`), 500);
      });
    };
    const { log, lines } = make();
    await ask(log as never);
    const theirs: Line[] = [];
    const write = (line: string) => void theirs.push(JSON.parse(line));
    await ask(pino({}, { write }) as never);
    const ours = lines();
    assert.equal(ours.length, 3);
    assert.deepEqual(ours.map(steady), theirs.map(steady));
    assert.deepEqual(ours.map(({ msg }) => msg), [
      "in the handler",
      "request completed",
      "request errored",
    ]);
  },
);

test("Hono: its own middleware prints into the log, and one of ten lines logs requests", async () => {
  const { log, lines } = make({ base: null });
  const done = log.event("request done", { method: "string", path: "string", status: "int" });
  const app = new Hono();
  app.use(honoLogger((line) => log.debug(line)));
  app.use(async (c, next) => {
    await withContext({ requestId: c.req.header("x-id") }, next);
    done(c.req.method, c.req.path, c.res.status);
  });
  app.get("/hello", (c) => {
    log.info("in the handler");
    return c.text("ok");
  });
  log.level = "debug";
  assert.equal((await app.request("/hello", { headers: { "x-id": "r-1" } })).status, 200);
  assert.equal((await app.request("/missing")).status, 404);
  const [before, inside, done1, after, , done2] = lines();
  assert.match(before.msg, /<-- GET \/hello/);
  assert.deepEqual([inside.requestId, inside.msg], ["r-1", "in the handler"]);
  assert.deepEqual([done1.method, done1.path, done1.status], ["GET", "/hello", 200]);
  assert.match(after.msg, /--> GET \/hello .*200/);
  assert.deepEqual([done2.path, done2.status, done2.requestId], ["/missing", 404, undefined]);
});

test("Elysia, on Bun", { skip: runtimeName !== "bun" && "Elysia is for Bun" }, async () => {
  const { Elysia } = await import("elysia");
  const { log, lines } = make();
  const app = new Elysia()
    .decorate("log", log)
    .derive(({ headers, log }) => ({ log: log.child({ requestId: headers["x-id"] }) }))
    .onAfterResponse(({ log, request, set }) => {
      log.info({ method: request.method, status: set.status }, "request done");
    })
    .onError(({ error, code }) => {
      log.error({ err: error, code }, "request failed");
    })
    .get("/hello", ({ log }) => {
      log.info("in the handler");
      return "ok";
    })
    .get("/fails", () => {
      throw new RangeError("the handler failed");
    })
    .listen(0);
  const url = `http://127.0.0.1:${app.server?.port}`;
  await (await fetch(`${url}/hello`, { headers: { "x-id": "r-1" } })).text();
  await get(`${url}/fails`);
  await app.stop();
  const all = lines();
  assert.deepEqual([all[0].requestId, all[0].msg], ["r-1", "in the handler"]);
  assert.ok(all.some(({ msg, status }) => msg === "request done" && status === 200));
  const failed = all.find(({ msg }) => msg === "request failed");
  assert.deepEqual([failed?.level, failed?.err.type], [50, "RangeError"]);
});

test("Oak, on Deno", { skip: runtimeName !== "deno" && "Oak is for Deno" }, async () => {
  const { Application } = await import("@oakserver/oak");
  const { log, lines } = make();
  const app = new Application({ state: { log } });
  app.use(async (context, next) => {
    const child = log.child({ requestId: context.request.headers.get("x-id") });
    context.state.log = child;
    await next();
    child.info({ status: context.response.status }, "request done");
  });
  app.use((context) => {
    context.state.log.info("in the handler");
    context.response.body = "ok";
  });
  const request = new Request("http://localhost/hello", { headers: { "x-id": "r-1" } });
  const answer = await app.handle(request as never);
  assert.equal(await answer?.text(), "ok");
  const [inside, done] = lines();
  assert.deepEqual([inside.requestId, inside.msg], ["r-1", "in the handler"]);
  assert.deepEqual([done.requestId, done.status], ["r-1", 200]);
});
