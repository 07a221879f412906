/**
 * What the process is doing, as an entry a second: how late its event loop is, CPU, memory, garbage
 * collections.
 *
 * @module
 */

import type { EventLoopUtilization, PerformanceObserver } from "node:perf_hooks";
import process from "node:process";
import { durationCheck, parseDuration } from "../base/durations.ts";
import type { Check } from "../base/options.ts";
import { VITALS_LOGGER } from "../records/vitals.ts";

const LEAST_INTERVAL = 100;
const MIB = 1 << 20;
/**
 * How often to look how late the event loop is, in milliseconds. Each look wakes the process up, which takes
 * Bun 130 us, more than all that is measured then.
 */
const LOOK_INTERVAL = "Bun" in globalThis ? 333 : 250;
const GC_KINDS: Record<number, string> = { 1: "minor", 4: "major", 8: "incremental", 16: "weak" };

/** What the option `vitals` may be. */
export const vitalsCheck: Check = durationCheck(LEAST_INTERVAL, '"1s" or "500ms"');

/**
 * Writes an entry each time the interval is over, from the second one on. It keeps no process alive.
 *
 * @returns what ends it
 */
export function startVitals(interval: string, write: (line: string) => void): () => void {
  const milliseconds = parseDuration(interval) ?? NaN;
  const looks = Math.max(Math.round(milliseconds / LOOK_INTERVAL), 1);
  let vitals: Vitals | undefined;
  let count = 0;
  // One timer for both: that a process wakes up costs more than what is done then.
  const timer = setInterval(() => {
    try {
      vitals?.look();
      if (++count % looks !== 0) return;
      // At a start others have work to do.
      if (vitals === undefined) vitals = new Vitals(milliseconds / looks);
      else write(vitals.line());
    } catch {
      // What a runtime does not allow is no reason to end a process.
    }
  }, milliseconds / looks);
  unref(timer);
  return () => {
    clearInterval(timer);
    vitals?.stop();
  };
}

/** Has a timer keep no process alive: in Deno it is a number. */
export function unref(timer: unknown): void {
  const { Deno: deno } = globalThis as { Deno?: { unrefTimer(timer: number): void } };
  if (typeof timer === "number") deno?.unrefTimer(timer);
  else (timer as { unref?(): void }).unref?.();
}

/** What was measured since the entry before. */
class Vitals {
  readonly #delay: LoopDelay;
  readonly #collections: Collections | undefined;
  readonly #utilization: ((before?: EventLoopUtilization) => EventLoopUtilization) | undefined;
  readonly #heapLimit: number | undefined;
  #lastCpu = process.cpuUsage();
  #lastUtilization: EventLoopUtilization | undefined;
  #lastTime = performance.now();

  /** `interval` is that of the looks, in milliseconds. */
  constructor(interval: number) {
    this.#delay = new LoopDelay(interval);
    const isNode = !("Deno" in globalThis) && !("Bun" in globalThis);
    if (!isNode) return;
    const { performance: timing, PerformanceObserver } = process.getBuiltinModule(
      "node:perf_hooks",
    );
    this.#collections = new Collections(PerformanceObserver);
    this.#utilization = (before) => timing.eventLoopUtilization(before);
    this.#lastUtilization = timing.eventLoopUtilization();
    this.#heapLimit = process.getBuiltinModule("node:v8").getHeapStatistics().heap_size_limit;
  }

  /** Looks how late the event loop is. */
  look(): void {
    this.#delay.look();
  }

  line(): string {
    const now = performance.now();
    const elapsed = now - this.#lastTime;
    this.#lastTime = now;
    const cpu = process.cpuUsage();
    const user = (cpu.user - this.#lastCpu.user) / 1000;
    const system = (cpu.system - this.#lastCpu.system) / 1000;
    this.#lastCpu = cpu;
    const memory = process.memoryUsage();
    const delay = this.#delay.take();
    const cpuPercent = rounded((user + system) / elapsed * 100);
    // What the kernel kills a process for is not its heap alone.
    const [all, heap] = [memory.rss, memory.heapUsed].map((bytes) => Math.round(bytes / MIB));
    return JSON.stringify({
      time: new Date().toISOString(),
      level: "debug",
      logger: VITALS_LOGGER,
      msg:
        `cpu ${cpuPercent} %, loop ${delay.max} ms late at most, memory ${all} MiB, heap ${heap} MiB`,
      loopDelayMs: delay,
      loopUtilization: this.#takeUtilization(),
      cpuPercent,
      cpuUserMs: rounded(user),
      cpuSystemMs: rounded(system),
      rss: memory.rss,
      heapUsed: memory.heapUsed,
      heapTotal: memory.heapTotal,
      heapLimit: this.#heapLimit,
      external: memory.external,
      gc: this.#collections?.take(),
      resources: process.getActiveResourcesInfo?.().length,
      uptimeMs: Math.round(process.uptime() * 1000),
    });
  }

  stop(): void {
    this.#collections?.stop();
  }

  #takeUtilization(): number | undefined {
    const before = this.#lastUtilization;
    if (this.#utilization === undefined || before === undefined) return undefined;
    const now = this.#utilization();
    this.#lastUtilization = now;
    const active = now.active - before.active;
    return Math.round(active / (active + now.idle - before.idle) * 1000) / 1000;
  }
}

/** How late the event loop was, in milliseconds. */
interface Delay {
  p50: number;
  p99: number;
  max: number;
}

/**
 * How late the event loop is: by a timer. What Node and Bun have for it shows too little on Deno, and begins
 * again when it is read, so that it misses what happens then.
 */
class LoopDelay {
  readonly #interval: number;
  #late: number[] = [];
  #due: number;

  constructor(interval: number) {
    this.#interval = interval;
    this.#due = performance.now() + interval;
  }

  /** What a timer of that interval calls. */
  look(): void {
    const now = performance.now();
    this.#late.push(Math.max(0, now - this.#due));
    this.#due = now + this.#interval;
  }

  take(): Delay {
    const late = this.#late.sort((a, b) => a - b);
    const at = (share: number) => rounded(late[Math.floor((late.length - 1) * share)] ?? 0);
    this.#late = [];
    return { p50: at(0.5), p99: at(0.99), max: at(1) };
  }
}

/** Garbage collections, in Node. */
class Collections {
  readonly #observer: PerformanceObserver;
  #count = 0;
  #time = 0;
  #kinds: Record<string, number> = {};

  constructor(Observer: typeof PerformanceObserver) {
    this.#observer = new Observer((list) => {
      for (const entry of list.getEntries()) {
        const { kind: code } = (entry as unknown as { detail: { kind: number } }).detail;
        const kind = GC_KINDS[code] ?? "other";
        this.#count++;
        this.#time += entry.duration;
        this.#kinds[kind] = (this.#kinds[kind] ?? 0) + 1;
      }
    });
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  take(): { count: number; ms: number; kinds: Record<string, number> } {
    const taken = { count: this.#count, ms: rounded(this.#time), kinds: this.#kinds };
    this.#count = 0;
    this.#time = 0;
    this.#kinds = {};
    return taken;
  }

  stop(): void {
    this.#observer.disconnect();
  }
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
