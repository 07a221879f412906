/**
 * An application that knows nothing of being recorded: `application.ts FRAMEWORK END`. It answers a request,
 * says its last words, and ends.
 */

import { createServer, type RequestListener } from "node:http";
import process from "node:process";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { logger as honoLogger } from "hono/logger";
import { pino } from "pino";
import winston from "winston";

type Log = (text: string) => void;

/** Each answers a request for `/hello`, and gives what logs. */
const frameworks: Record<string, () => Promise<Log>> = {
  async console() {
    console.info({ answered: "/hello" });
    return await Promise.resolve((text) => console.log(text));
  },
  async pino() {
    const logger = pino();
    logger.info({ url: "/hello" }, "answered");
    return await Promise.resolve((text) => logger.info(text));
  },
  async winston() {
    const logger = winston.createLogger({ transports: [new winston.transports.Console()] });
    logger.info("answered /hello");
    return await Promise.resolve((text) => logger.info(text));
  },
  async fastify() {
    const app = fastify({ logger: true });
    app.get("/hello", () => "ok");
    await app.inject("/hello");
    return (text) => app.log.info(text);
  },
  async hono() {
    const app = new Hono();
    app.use(honoLogger());
    app.get("/hello", (c) => c.text("ok"));
    await app.request("/hello");
    return (text) => console.log(text);
  },
  async express() {
    const app = express();
    app.get("/hello", (request: { url: string }, response: { end(text: string): void }) => {
      process.stdout.write(`answered ${request.url}\n`);
      response.end("ok");
    });
    const server = createServer(app as RequestListener);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await (await fetch(`http://127.0.0.1:${port}/hello`)).text();
    server.closeAllConnections?.();
    server.close();
    return (text) => console.error(text);
  },
};

const ends: Record<string, () => void> = {
  kill: () => setInterval(() => {}, 1000),
  uncaught() {
    setTimeout(() => {
      const refused = Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });
      const error = new TypeError("boom", { cause: new Error("no database", { cause: refused }) });
      throw Object.assign(error, { password: "hunter2" });
    }, 1);
  },
  reject: () => void Promise.reject(new RangeError("nobody handles this")),
  exit: () => process.exit(3),
  memory() {
    const all: unknown[] = [];
    for (;;) all.push(Array.from({ length: 10_000 }, (_, i) => ({ i })));
  },
  stack() {
    setTimeout(function again(): number {
      return again() + 1;
    }, 1);
  },
  blocked() {
    for (;;);
  },
  nothing() {},
};

const [framework, end] = process.argv.slice(2);
const log = await frameworks[framework]();
log("last words");
ends[end]();
