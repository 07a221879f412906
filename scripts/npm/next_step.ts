/**
 * A server of Next.js that is recorded without a change: its last lines, and how it ended, are in the log.
 *
 * Next.js and its compiler take 340 MB and are installed here only, when this is run.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogReader } from "../../mod.ts";
import type { Runtime } from "../runtimes.ts";
import { freshFolder, output, type Step } from "./workshop.ts";

const PACKAGES = ["next@16.4.6", "react@19.3.1", "react-dom@19.3.1"];
const NEXT = "node_modules/next/dist/bin/next";
/** How long anything may take, in milliseconds: but the compiler, which takes a minute on a busy machine. */
const LIMIT = 120_000;
const ENV = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
const ADDRESS = /http:\/\/127\.0\.0\.1:\d+/;

const FILES: Record<string, string> = {
  "app/layout.js": `export default function Layout({ children }) {
  return <html><body>{children}</body></html>;
}`,
  "app/page.js": `export const dynamic = "force-dynamic";
export default function Page() {
  console.log("the page is rendered");
  return <p>hello</p>;
}`,
  "app/end/route.js": `export const dynamic = "force-dynamic";
export function GET(request) {
  const how = new URL(request.url).searchParams.get("how");
  console.log("last words");
  if (how === "uncaught") {
    setTimeout(() => { throw new TypeError("boom", { cause: new Error("no database") }); });
  }
  if (how === "reject") Promise.reject(new RangeError("rejected"));
  if (how === "exit") setTimeout(() => process.exit(3));
  if (how === "blocked") standStill();
  return new Response("ok");
}
function standStill() {
  for (;;);
}`,
};

/** How a server may end, and what the log then says of it. Next.js itself goes on after the first two. */
const ENDS: Record<string, RegExp> = {
  uncaught: /"uncaught TypeError: boom".*"message":"no database"/,
  reject: /rejected/,
  exit: /"exit code 3"/,
  // Its compiler has taken the names away.
  blocked: /has been blocked for \d+ ms, in file:[^"]*\/\.next\/server\//,
  kill: /last words/,
};

/** The server is built once. */
let built: string | undefined;

/** The step on a version of Node. */
export function nextStep(runtime: Runtime, tarball: string): Step {
  return {
    title: `Next.js, recorded: ${Object.keys(ENDS).join(", ")}`,
    async run() {
      const folder = built ??= build(runtime, tarball);
      for (const how of Object.keys(ENDS)) await tryEnd(runtime, folder, how);
    },
  };
}

function build(runtime: Runtime, tarball: string): string {
  const folder = freshFolder(tarball, PACKAGES);
  mkdirSync(`${folder}app/end`, { recursive: true });
  for (const [file, text] of Object.entries(FILES)) writeFileSync(folder + file, text);
  output(runtime.path, [NEXT, "build"], {
    cwd: folder,
    timeout: 5 * LIMIT,
    env: ENV,
  });
  return folder;
}

async function tryEnd({ path }: Runtime, folder: string, how: string): Promise<void> {
  const log = `/ouroboros-next-${process.pid}`;
  const flags = ["--import", "@ouroboros/log/register"];
  const server = spawn(path, [...flags, NEXT, "start", "-p", "0", "-H", "127.0.0.1"], {
    cwd: folder,
    env: {
      ...ENV,
      OUROBOROS_LOG: log,
      OUROBOROS_SIZE: "256KiB",
      OUROBOROS_WATCHDOG: "1s",
    },
  });
  const ended = once(server, "close");
  let printed = "";
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => printed += text);
  }
  const until = async (isSo: () => boolean) => {
    for (const end = performance.now() + LIMIT; !isSo(); await sleep(50)) {
      const isOver = server.exitCode !== null || performance.now() > end;
      if (isOver && !isSo()) throw new Error("the server has ended, or took too long");
    }
  };
  const recorded = () => textOf(log) + textOf(`${log}.watch`);
  try {
    await until(() => /Ready in/.test(printed) && ADDRESS.test(printed));
    const [url] = ADDRESS.exec(printed)!;
    assert.match(await (await fetch(url)).text(), /hello/);
    const answer = fetch(`${url}/end?how=${how}`).catch(() => {});
    await until(() => ENDS[how].test(recorded()));
    if (how !== "exit") server.kill("SIGKILL");
    assert.deepEqual(await ended, how === "exit" ? [3, null] : [null, "SIGKILL"]);
    await answer;
    assert.match(textOf(log), /the page is rendered[^]*last words/);
    assert.match(recorded(), ENDS[how]);
  } catch (error) {
    throw new Error(`${how}: ${(error as Error).message}\n${printed}`, { cause: error });
  } finally {
    server.kill("SIGKILL");
    await ended;
    for (const name of [log, `${log}.watch`]) SharedMemory.unlink(name);
  }
}

/** The entries of a log, if it is there. */
function textOf(log: string): string {
  if (!SharedMemory.exists(log)) return "";
  using reader = ShmLogReader.open(log);
  return [...reader].map(({ text }) => text).join("\n");
}
