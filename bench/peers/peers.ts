/** What people would use instead, each set up as its own documentation advises for speed. */

import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, writeSync } from "node:fs";
import { connect } from "node:net";
import { basename, dirname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Sink } from "@logtape/logtape";
import { ShmLogWriter } from "../../mod.ts";
import { thisRuntime } from "../../scripts/runtimes.ts";
import { COUNTER_SIZE } from "./lines.ts";

/** Something that takes lines. */
export interface Peer {
  /** Takes one line, without its end. */
  log(line: string, index: number): void;
  /** Returns once every line is where it belongs: on its way to the disk, or with its receiver. */
  end(): Promise<Receipt | void>;
  /** Whether too much waits to be sent: then the caller lets the event loop run. */
  isBehind?(): boolean;
}

/** What a receiver in another process says at the end. */
export interface Receipt {
  /** How many lines it got. */
  lines: number;
  /** How many of them were not what was sent. */
  wrong?: number;
  /** How many it knows it did not get. */
  lost?: number;
  /** Its CPU time in ns. */
  cpu: number;
}

/** What a peer is given: a file to write, or where its receiver listens. */
export type PeerSetup = (path: string) => Peer | Promise<Peer>;

/** How many lines a run takes. */
export function linesOf(name: string): number {
  if (name.startsWith("this log")) return 1_000_000;
  return name === "LogTape, file sink" ? 10_000 : 100_000;
}

/** The peers by name. */
export const peers: Record<string, PeerSetup> = {
  "this log, write(line)": async (path) => {
    const { writer, ...peer } = await openLog(path);
    return { ...peer, log: (line) => writer.write(line) };
  },
  "this log, write(`${n} …`)": async (path) => {
    const { writer, ...peer } = await openLog(path);
    const tails = new Map<string, string>();
    return {
      ...peer,
      log(line, index) {
        let tail = tails.get(line);
        if (tail === undefined) tails.set(line, tail = line.slice(COUNTER_SIZE));
        // A line as applications make it: engines put it together when it is first read.
        writer.write(`${1000 + (index & 8191)} ${tail}`);
      },
    };
  },
  "fs.writeSync": (path) => {
    const descriptor = openSync(path, "w");
    return {
      log: (line) => writeSync(descriptor, line + "\n"),
      end: () => Promise.resolve(closeSync(descriptor)),
    };
  },
  "console.log to a file": () => {
    // Standard output is the file.
    return { log: (line) => console.log(line), end: () => Promise.resolve() };
  },
  "pino, sync file": async (path) => {
    const { default: pino } = await import("pino");
    const logger = pino(pino.destination({ dest: path, sync: true }));
    return { log: (line) => logger.info(line), end: () => Promise.resolve() };
  },
  "pino, async file": async (path) => {
    const { default: pino } = await import("pino");
    const destination = pino.destination({ dest: path, sync: false, minLength: 4096 });
    await once(destination, "ready");
    const logger = pino(destination);
    return {
      log: (line) => logger.info(line),
      end: () =>
        new Promise((resolve, reject) => {
          destination.flush((error?: Error | null) => error ? reject(error) : resolve());
        }),
    };
  },
  "winston, file": async (path) => {
    const { default: winston } = await import("winston");
    const file = new winston.transports.File({ filename: path });
    const logger = winston.createLogger({ transports: [file] });
    return {
      log: (line) => logger.info(line),
      async end() {
        const finished = once(file, "finish");
        logger.end();
        await finished;
      },
    };
  },
  // Each 8 KiB are forced to the disk (fsync).
  "LogTape, file sink": async (path) => {
    const { getFileSink } = await import("@logtape/file");
    return await logTape(getFileSink(path));
  },
  "LogTape, stream file sink": async (path) => {
    const { getStreamFileSink } = await import("@logtape/file");
    return await logTape(getStreamFileSink(path));
  },
  "Unix socket": async (path) => {
    const socket = connect(path);
    await once(socket, "connect");
    return {
      log: (line) => socket.write(line + "\n"),
      isBehind: () => socket.writableLength > 1 << 20,
      async end() {
        // The receiver hangs up when it has everything.
        const closed = once(socket, "close");
        socket.end().resume();
        await closed;
      },
    };
  },
  "postMessage to a worker": async () => {
    const worker = new Worker(new URL("worker.ts", import.meta.url));
    await once(worker, "message");
    return {
      log: (line) => worker.postMessage(line),
      async end() {
        worker.postMessage(null);
        await once(worker, "message");
        await worker.terminate();
      },
    };
  },
  "process IPC": async () => {
    const child = fork(new URL("ipc_receiver.ts", import.meta.url), { stdio: "inherit" });
    await once(child, "message");
    let waiting = 0;
    return {
      log(line) {
        waiting++;
        child.send(line, () => waiting--);
      },
      isBehind: () => waiting > 10_000,
      async end() {
        const answered = once(child, "message");
        child.send("");
        const [receipt] = await answered;
        child.disconnect();
        await once(child, "exit");
        return receipt as Receipt;
      },
    };
  },
};

/** As far as the reader may be behind, in lines: two thirds of the log. */
const MOST_BEHIND = 100_000;

/** A log of the default size with a reader in another process, which says how far it is. */
async function openLog(path: string): Promise<Omit<Peer, "log"> & { writer: ShmLogWriter }> {
  const writer = ShmLogWriter.create(`/${basename(dirname(path))}`, { unlinkOnClose: true });
  const { path: command, run } = thisRuntime();
  const follower = fileURLToPath(new URL("follower.ts", import.meta.url));
  const child = spawn(command, [...run, follower, writer.name], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const says = createInterface({ input: child.stdout });
  await once(says, "line");
  let read = 0;
  let receipt: Receipt | undefined;
  says.on("line", (line) => {
    if (line.startsWith("{")) receipt = JSON.parse(line);
    else read = Number(line);
  });
  return {
    writer,
    // Nothing of the log's, which never waits: so that the reader gets every line.
    isBehind: () => writer.totalEntriesWritten - read > MOST_BEHIND,
    async end() {
      writer.write("");
      while (receipt === undefined) await once(says, "line");
      writer.close();
      return receipt;
    },
  };
}

/** LogTape with one sink. */
export async function logTape(sink: Sink): Promise<Peer> {
  const { configure, dispose, getLogger } = await import("@logtape/logtape");
  await configure({
    sinks: { file: sink },
    loggers: [
      { category: "app", sinks: ["file"], lowestLevel: "info" },
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "fatal" },
    ],
  });
  const logger = getLogger("app");
  return { log: (line) => logger.info(line), end: dispose };
}
