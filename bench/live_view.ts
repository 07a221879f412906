/**
 * The live view over minutes, in Chromium: is it smooth at 10,000 lines a second, and while a large log is
 * searched, and does neither the page nor the server grow while a writer is at full speed?
 *
 * `deno task bench:live [--minutes 5] [--seconds 20] [--size 1GiB]`; needs Chromium
 * (`apt-get install -y chromium`). `--minutes 0` leaves out the last part.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type CDPSession, chromium, type Page } from "playwright-core";
import { SharedMemory } from "../ffi/mod.ts";
import { ShmLogWriter } from "../mod.ts";
import { parseSize } from "../src/base/sizes.ts";
import { runtimeNamed, thisRuntime } from "../scripts/runtimes.ts";
import { cpuSeconds, residentBytes } from "./process_use.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    seconds: { type: "string", default: "20" },
    size: { type: "string", default: "1GiB" },
  },
});
const minutes = Number(values.minutes);
const seconds = Number(values.seconds);

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(executablePath)) {
  console.error(`no Chromium at ${executablePath}: apt-get install -y chromium, or CHROMIUM=path`);
  process.exit(1);
}

const name = `/bench-live-${process.pid}`;
const largeName = `/bench-live-${process.pid}-large`;

/** Starts a writer in Bun at so many lines a second; 0: as fast as it can. */
function startWriter(rate: number): ChildProcess {
  const bun = runtimeNamed("bun");
  const file = fileURLToPath(new URL("live_view/writer.ts", import.meta.url));
  return spawn(bun.path, [...bun.run, file, name, String(rate)], { stdio: "inherit" });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

/** Starts the server; gives the address. */
async function startServer(): Promise<{ child: ChildProcess; url: string }> {
  const runtime = thisRuntime();
  const file = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
  const child = spawn(runtime.path, [...runtime.run, file, "serve", name, largeName], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) return { child, url: line };
  throw new Error("the server ended");
}

/** The memory of a process in MB. */
const residentSize = (pid: number) => residentBytes(pid) / 2 ** 20;

/** The process that draws the page. */
async function rendererOf(cdp: CDPSession): Promise<number> {
  const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  renderers.sort((a, b) => residentSize(b.id) - residentSize(a.id));
  return renderers[0].id;
}

/** The heap of the page in MB, after a collection. */
async function heapOf(cdp: CDPSession): Promise<number> {
  await cdp.send("HeapProfiler.collectGarbage");
  const { metrics } = await cdp.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? 0) / 2 ** 20;
}

/** Times between frames in milliseconds, sorted. */
function framesOf(page: Page, milliseconds: number): Promise<number[]> {
  return page.evaluate((milliseconds) =>
    new Promise<number[]>((resolve) => {
      const times: number[] = [];
      const end = performance.now() + milliseconds;
      let last: number | undefined;
      const frame = (now: number) => {
        if (last !== undefined) times.push(now - last);
        last = now;
        if (now < end) requestAnimationFrame(frame);
        else resolve(times.sort((a, b) => a - b));
      };
      requestAnimationFrame(frame);
    }), milliseconds);
}

/** Fills a log with lines, of which one in a million is rare; it has no writer then. */
function fillLarge(): number {
  using log = ShmLogWriter.create(largeName, { size: values.size as "1GiB" });
  const start = Date.now();
  let written = 0;
  const most = 1.05 * (parseSize(values.size) ?? 0);
  for (let bytes = 0; bytes < most; written++) {
    const level = written % 50 === 0 ? 50 : 30;
    const msg = written % 1_000_000 === 999_999 ? "needle" : "request completed";
    const status = level === 50 ? 502 : 200;
    const time = start + Math.floor(written / 10);
    const path = `/items/${written % 1000}`;
    const line = JSON.stringify({ level, time, pid: 4711, msg, path, status });
    log.write(line);
    bytes += line.length + 6;
  }
  return written;
}

/** How many tasks of the page took longer than 50 ms, and the longest, in milliseconds. */
async function longTasksWhile(page: Page, work: () => Promise<void>): Promise<string> {
  await page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(globalThis, { __tasks: tasks });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(duration);
    }).observe({ entryTypes: ["longtask"] });
  });
  await work();
  const tasks = await page.evaluate(() => (globalThis as unknown as { __tasks: number[] }).__tasks);
  return `${tasks.length} long tasks, longest ${Math.round(Math.max(0, ...tasks))} ms`;
}

/** Searches, and describes how long it took, and how smooth the page was meanwhile. */
async function search(page: Page, question: string): Promise<void> {
  let frames: number[] = [];
  let took = 0;
  const tasks = await longTasksWhile(page, async () => {
    const rows = page.locator(".row:visible:not(.remark)");
    await page.locator("#search").fill(question);
    const start = performance.now();
    const measuring = framesOf(page, 3000);
    // Those of the question before go first. Each question has some.
    while (await rows.count() > 0) await sleep(5);
    while (await rows.count() === 0) await sleep(20);
    took = performance.now() - start;
    frames = await measuring;
  });
  console.log(
    `${question || "(all)"}: ${(took / 1000).toFixed(1)} s; ${describeFrames(frames)}, ${tasks}`,
  );
}

function describeFrames(times: number[]): string {
  const at = (part: number) => times[Math.min(Math.floor(part * times.length), times.length - 1)];
  const late = times.filter((time) => time > 50).length;
  return `${times.length} frames, median ${at(0.5).toFixed(1)} ms, p99 ${
    at(0.99).toFixed(1)
  } ms, ` +
    `longest ${at(1).toFixed(1)} ms, ${late} over 50 ms`;
}

const text = async (page: Page, id: string) => (await page.locator(id).textContent())?.trim();

let writer = startWriter(10_000);
const server = await startServer();
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  const cdp = await page.context().newCDPSession(page);
  const ofBrowser = await browser.newBrowserCDPSession();
  await cdp.send("Performance.enable");
  const serverPid = server.child.pid ?? 0;

  const watchFullSpeed = async () => {
    writer = startWriter(0);
    await sleep(5000);
    console.log(`full speed, ${minutes} min:`);
    console.log("     s  heap MB  page MB  server MB  entries/s   showing");
    const start = performance.now();
    const end = start + minutes * 60_000;
    for (let next = start;; next += Math.min(30_000, minutes * 60_000 / 5)) {
      await sleep(Math.max(next - performance.now(), 0));
      const heap = await heapOf(cdp);
      console.log(
        [
          ((performance.now() - start) / 1000).toFixed(0).padStart(6),
          heap.toFixed(1).padStart(8),
          residentSize(renderer).toFixed(0).padStart(8),
          residentSize(serverPid).toFixed(0).padStart(10),
          (await text(page, "#rate-entries"))?.padStart(10),
          `  ${await text(page, "#showing")}, ${await text(page, "#loss")}`,
        ].join(" "),
      );
      if (next >= end - 1) break;
    }
    console.log(`full speed: ${describeFrames(await framesOf(page, 10_000))}`);
  };

  console.log(`server: ${thisRuntime().title}; browser: Chromium ${browser.version()}, headless`);
  console.log(`idle page: ${describeFrames(await framesOf(page, 3000))}`);
  await page.goto(server.url);
  await sleep(3000);
  const renderer = await rendererOf(ofBrowser as unknown as CDPSession);
  const cpu = [cpuSeconds(serverPid), cpuSeconds(renderer)];
  const frames = await framesOf(page, seconds * 1000);
  console.log(`10,000 lines/s: ${describeFrames(frames)}`);
  const used = [cpuSeconds(serverPid) - cpu[0], cpuSeconds(renderer) - cpu[1]]
    .map((one) => `${Math.round(one / seconds * 100)} %`);
  console.log(`  CPU: server ${used[0]}, page ${used[1]}; "${await text(page, "#showing")}"`);

  const lines = fillLarge();
  console.log(`a log of ${values.size}, ${lines} lines written:`);
  await page.locator(`#logs button[data-name="${largeName}"]`).click();
  await sleep(5000);
  for (const question of ["needle", "status:>=500", 'path:"/items/77" AND NOT level:info', ""]) {
    await search(page, question);
  }
  await page.locator(`#logs button[data-name="${name}"]`).click();
  await sleep(1000);
  SharedMemory.unlink(largeName);

  await stop(writer);
  if (minutes > 0) await watchFullSpeed();
  console.log(complaints.length === 0 ? "no complaint in the console" : complaints.join("\n"));
} finally {
  await browser.close();
  await stop(server.child);
  await stop(writer);
  if (SharedMemory.exists(largeName)) SharedMemory.unlink(largeName);
}
process.exit(0);
