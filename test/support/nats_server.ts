/** A real NATS server with JetStream, for one test: its own port, its own folder. */

import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free_port.ts";
import { slowness } from "./runtime.ts";

/** Where the program is, if it is there. */
const program: string | undefined = [
  ...(process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== ""),
  "/usr/sbin",
  "/usr/bin",
  "/usr/local/bin",
].map((folder) => join(folder, process.platform === "win32" ? "nats-server.exe" : "nats-server"))
  .find(isProgram);

/** The reason to skip what needs a server; `false`, which skips nothing, where there is one. */
export const needsNatsServer: string | false = program === undefined &&
  "no nats-server: apt-get install -y nats-server, or on other systems from where NATS offers it";

/** A test that needs a server. Under Bun a test has 5 s, if nothing is said. */
export function natsTest(
  name: string,
  body: (t: TestContext) => void | Promise<void>,
  { skip = false, timeout = 120_000 }: { skip?: string | false; timeout?: number } = {},
): void {
  void test(name, { skip: needsNatsServer || skip, timeout: timeout * slowness }, body);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How a server is set up. */
export interface NatsServerOptions {
  /** `{ user, password }` or `{ token }`: who may connect. Default: everybody. */
  auth?: { user: string; password: string } | { token: string };
  /** The largest payload in bytes, headers included. */
  maxPayload?: number;
  /** More lines of its configuration; or what makes them, if it needs another port. */
  config?: string | ((otherPort: number) => string);
  /** Whether it has JetStream. Default `true`. */
  jetstream?: boolean;
}

/** How long a server may take to start, in milliseconds. */
const START_LIMIT = 60_000 * slowness;

const running = new Set<ChildProcess>();
// A test that fails leaves none behind.
process.on("exit", () => {
  for (const child of running) send(child, "SIGKILL");
});

/** A server that runs, or is stopped for a while. */
export class NatsServer implements AsyncDisposable {
  /** Its port on 127.0.0.1, the same after a restart. */
  readonly port: number;
  /** The folder that it keeps everything in. */
  readonly folder: string;
  /** What it says who it is: at its port there may be another one. */
  readonly #name: string;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  private constructor(port: number, folder: string) {
    this.port = port;
    this.folder = folder;
    this.#name = `ouroboros_${process.pid}_${port}_${Date.now()}`;
  }

  /** Starts one on a free port. */
  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    // Somebody else may take the port between our look and the server's.
    for (let attempt = 0;; attempt++) {
      const server = new NatsServer(
        await freePort(),
        mkdtempSync(join(tmpdir(), "ouroboros-nats-")),
      );
      const { config = "" } = options;
      server.configure({
        ...options,
        config: typeof config === "string" ? config : config(await freePort()),
      });
      try {
        await server.restart();
        return server;
      } catch (error) {
        await server[Symbol.asyncDispose]();
        if (attempt === 4) throw error;
      }
    }
  }

  /** Writes its configuration anew, for the next restart. */
  configure(options: NatsServerOptions & { config?: string }): void {
    writeFileSync(join(this.folder, "nats.conf"), this.#config(options));
  }

  /** Its address. */
  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** The number of its process; -1 while it is stopped. */
  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  /** Starts it again on the same port, with what it has stored. */
  async restart(): Promise<void> {
    if (this.#child !== undefined) throw new Error("the server runs");
    const child = spawn(program!, ["-c", join(this.folder, "nats.conf")], { stdio: "ignore" });
    running.add(child);
    this.#child = child;
    let hasEnded = false;
    this.#ended = new Promise((resolve) => {
      child.once("exit", resolve);
      child.once("error", resolve);
    }).then(() => {
      hasEnded = true;
      running.delete(child);
      if (this.#child === child) this.#child = undefined;
    });
    const limit = Date.now() + START_LIMIT;
    while (!await answers(this.port, this.#name)) {
      if (hasEnded || Date.now() > limit) {
        await this.stop("SIGKILL");
        throw new Error(`nats-server did not start:\n${this.log()}`);
      }
      await sleep(10);
    }
  }

  /** Stops it, by SIGTERM or by `kill -9`, and waits for its end. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    send(this.#child, signal);
    await this.#ended;
  }

  /** Lets it stand still, or go on: connections stay open. */
  freeze(isFrozen: boolean): void {
    send(this.#child, isFrozen ? "SIGSTOP" : "SIGCONT");
  }

  /** What it has said. */
  log(): string {
    try {
      return readFileSync(join(this.folder, "nats.log"), "utf8");
    } catch {
      return "";
    }
  }

  /** Ends it at once, and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #config(options: NatsServerOptions & { config?: string }): string {
    const { auth, maxPayload, config = "", jetstream = true } = options;
    const text = (value: string) => JSON.stringify(value);
    return [
      `host: "127.0.0.1"`,
      `port: ${this.port}`,
      `server_name: "${this.#name}"`,
      `log_file: ${text(join(this.folder, "nats.log"))}`,
      ...maxPayload === undefined ? [] : [`max_payload: ${maxPayload}`],
      ...auth === undefined
        ? []
        : "token" in auth
        ? [`authorization { token: ${text(auth.token)} }`]
        : [`authorization { user: ${text(auth.user)}, password: ${text(auth.password)} }`],
      ...jetstream
        ? [
          `jetstream { store_dir: ${text(join(this.folder, "store"))}, max_file: ${4 * 2 ** 30} }`,
        ]
        : [],
      config,
      "",
    ].join("\n");
  }
}

/** Sends a signal, unless its process has ended. Deno's `child.kill()` does that only once. */
function send(child: ChildProcess | undefined, signal: NodeJS.Signals): void {
  if (child?.pid === undefined) return;
  try {
    process.kill(child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Whether the server of that name says INFO at that port. */
function answers(port: number, name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let said = "";
    const end = (hasAnswered: boolean) => {
      socket.destroy();
      resolve(hasAnswered);
    };
    socket.on("data", (bytes) => {
      said += bytes.toString();
      if (said.includes("\r\n")) end(said.startsWith("INFO ") && said.includes(`"${name}"`));
    });
    socket.once("error", () => end(false));
    socket.once("close", () => end(false));
    socket.setTimeout(2000, () => end(false));
  });
}
