/** Logging libraries, each set up as its own documentation advises for speed. */

import { once } from "node:events";
import { createWriteStream, openSync, writeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { BINDINGS, eventOf, FAILURE, fourOf, type Kind, messageOf, tenOf } from "./calls.ts";

/** A library that is set up. */
export interface Library {
  /** Logs call `i` of a kind. A kind that it has not is left out. */
  log: Partial<Record<Kind, (i: number) => void>>;
  /** Lets the event loop run until not too much waits to be written. */
  settle?(): Promise<unknown>;
  /** Returns once all lines are written. */
  end(): unknown;
}

/** Takes an object and a message, as pino does. */
interface ObjectFirst {
  info(message: string): void;
  info(object: object, message: string): void;
  error(object: object, message: string): void;
}

function objectFirst(log: ObjectFirst, child: ObjectFirst): Library["log"] {
  return {
    "message": (i) => log.info(messageOf("message", i)),
    "4 fields": (i) => log.info(fourOf(i), messageOf("4 fields", i)),
    "10 fields": (i) => log.info(tenOf(i), messageOf("10 fields", i)),
    "child of 5": (i) => child.info(messageOf("child of 5", i)),
    "error": (i) => log.error(FAILURE, messageOf("error", i)),
  };
}

async function withPino(destination: object, more: Omit<Library, "log">): Promise<Library> {
  const { pino } = await import("pino");
  const log = pino({}, destination as never);
  return { log: objectFirst(log, log.child(BINDINGS)), ...more };
}

/** Takes a message and an object, as winston and LogTape do. */
interface MessageFirst {
  info(message: string, object?: object): void;
  error(message: string, object: object): void;
}

function messageFirst(
  log: MessageFirst,
  child: Pick<MessageFirst, "info">,
  failure: object,
): Library["log"] {
  return {
    "message": (i) => log.info(messageOf("message", i)),
    "4 fields": (i) => log.info(messageOf("4 fields", i), fourOf(i)),
    "10 fields": (i) => log.info(messageOf("10 fields", i), tenOf(i)),
    "child of 5": (i) => child.info(messageOf("child of 5", i)),
    "error": (i) => log.error(messageOf("error", i), { err: failure }),
  };
}

/** The libraries by name. A path that begins with `/log-` is the name of a log. */
export const libraries: Record<string, (path: string) => Promise<Library>> = {
  "this logger": async (path) => {
    const { createLogger } = await import("../../src/logger/mod.ts");
    const log = createLogger({ target: path, unlinkOnClose: false });
    const event = log.event("request done", {
      id: "int",
      user: "string",
      ok: "boolean",
      ms: "number",
    });
    return {
      log: {
        ...objectFirst(log, log.child(BINDINGS)),
        event(i) {
          const [id, user, ok, ms] = eventOf(i);
          event(id, user, ok, ms);
        },
      },
      end: () => log.close(),
    };
  },
  "pino, nowhere": () => withPino({ write: () => {} }, { end: () => {} }),
  "pino, our sink": async (path) => {
    const { shmDestination } = await import("../../src/sinks/pino.ts");
    const destination = shmDestination({ target: path, unlinkOnClose: false });
    return withPino(destination, { end: () => destination.end() });
  },
  "pino, sync file": async (path) => {
    const { pino } = await import("pino");
    const destination = pino.destination({ dest: path, sync: true });
    return withPino(destination, { end: () => destination.flushSync() });
  },
  "pino, async file": async (path) => {
    const { pino } = await import("pino");
    const destination = pino.destination({ dest: path, sync: false, minLength: 4096 });
    await once(destination, "ready");
    return withPino(destination, {
      settle: () => setImmediate(),
      end: () => new Promise((resolve) => destination.flush(resolve)),
    });
  },
  "winston, file": async (path) => {
    const { default: winston } = await import("winston");
    const { combine, errors, json, timestamp } = winston.format;
    const file = new winston.transports.File({ filename: path });
    const format = combine(errors({ stack: true }), timestamp(), json());
    const log = winston.createLogger({ format, transports: [file] });
    return {
      log: messageFirst(log, log.child(BINDINGS), {
        message: FAILURE.message,
        stack: FAILURE.stack,
      }),
      // It takes any number of lines, and does its work when the file has taken those before.
      async settle() {
        while (log.writableLength > 0 || file.writableLength > 0) await setImmediate();
      },
      async end() {
        const finished = once(file, "finish");
        log.end();
        await finished;
      },
    };
  },
  "LogTape, stream file": async (path) => {
    const { configure, dispose, getJsonLinesFormatter, getLogger } = await import(
      "@logtape/logtape"
    );
    const { getStreamFileSink } = await import("@logtape/file");
    await configure({
      sinks: { file: getStreamFileSink(path, { formatter: getJsonLinesFormatter() }) },
      loggers: [
        { category: "bench", sinks: ["file"], lowestLevel: "info" },
        { category: ["logtape", "meta"], sinks: [], lowestLevel: "fatal" },
      ],
      reset: true,
    });
    const log = getLogger("bench");
    return {
      log: messageFirst(log, log.with(BINDINGS), FAILURE),
      settle: () => setImmediate(),
      end: () => dispose(),
    };
  },
  "bunyan, file": async (path) => {
    // @ts-ignore: it has no types.
    const { default: bunyan } = await import("bunyan");
    const stream = createWriteStream(path);
    const log = bunyan.createLogger({ name: "bench", streams: [{ level: "info", stream }] });
    return {
      log: objectFirst(log, log.child(BINDINGS, true)),
      async settle() {
        while (stream.writableLength > 0) await setImmediate();
      },
      async end() {
        stream.end();
        await once(stream, "finish");
      },
    };
  },
  "roarr, sync file": async (path) => {
    const { ROARR, Roarr } = await import("roarr");
    const file = openSync(path, "w");
    ROARR.write = (line: string) => void writeSync(file, line + "\n");
    const log = Roarr as unknown as ObjectFirst & { child(fields: object): ObjectFirst };
    return {
      log: { ...objectFirst(log, log.child(BINDINGS)), error: undefined },
      end: () => {},
    };
  },
};
