/** Logging libraries that write to a log through our sinks. */

import { basename, dirname } from "node:path";
import type { Writable } from "node:stream";
import { logTape, type PeerSetup } from "../peers/peers.ts";

/** The libraries by name. */
export const sinkPeers: Record<string, PeerSetup> = {
  "LogTape, our sink": async (path) => {
    const { getShmSink } = await import("../../src/sinks/logtape.ts");
    const sink = getShmSink(optionsFor(path));
    const { log } = await logTape(sink);
    return { log, end: () => endOf(sink) };
  },
  "pino, our destination": async (path) => {
    const { default: pino } = await import("pino");
    const { shmDestination } = await import("../../src/sinks/pino.ts");
    const destination = shmDestination(optionsFor(path));
    const logger = pino(destination);
    return { log: (line) => logger.info(line), end: () => endOf(destination) };
  },
  "pino, our transport": async (path) => {
    const { default: pino } = await import("pino");
    const target = new URL("../../src/sinks/pino.ts", import.meta.url).href;
    // It is a Writable, which its type does not say.
    const transport = pino.transport({ target, options: optionsFor(path) }) as unknown as Writable;
    const logger = pino(transport);
    return {
      log: (line) => logger.info(line),
      isBehind: () => transport.writableLength > 1 << 20 || transport.writableNeedDrain,
      end: () =>
        new Promise((resolve) => {
          // By itself the worker keeps no process alive.
          const timer = setInterval(() => {}, 1000);
          transport.once("close", () => {
            clearInterval(timer);
            resolve();
          });
          transport.end();
        }),
    };
  },
  "winston, our transport": async (path) => {
    const { default: winston } = await import("winston");
    const { ShmTransport } = await import("../../src/sinks/winston.ts");
    const transport = new ShmTransport(optionsFor(path));
    const logger = winston.createLogger({ transports: [transport] });
    return { log: (line) => logger.info(line), end: () => endOf(transport) };
  },
  "console.log to a file, captured": async (path) => {
    const { captureConsole } = await import("../../src/sinks/console.ts");
    const capture = captureConsole(optionsFor(path));
    return { log: (line) => console.log(line), end: () => endOf(capture) };
  },
};

/** A log of the default size, which whoever started us looks at in the end. */
function optionsFor(path: string): { target: string } {
  return { target: `/${basename(dirname(path))}` };
}

function endOf(sink: Disposable): Promise<void> {
  sink[Symbol.dispose]();
  return Promise.resolve();
}
