/** What this process uses: maps, descriptors, memory, as the kernel and the engine count them. */

import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Whether there is a /proc to look at. */
export const hasProc: boolean = process.platform !== "win32" && existsSync("/proc/self/maps");

/** What this process uses at one moment. */
export interface Usage {
  /** Lines in /proc/self/maps. */
  maps: number;
  /** Open descriptors. */
  descriptors: number;
  /** Bytes of living objects. */
  heap: number;
  /** Bytes of memory that the kernel counts for the process. */
  rss: number;
}

/** What this process uses when all garbage is collected. */
export async function usage(): Promise<Usage> {
  const collect = collector();
  for (let i = 0; i < 5; i++) {
    collect();
    // Finalizers, and what weak references keep, wait for the end of this job.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const { heapUsed, rss } = process.memoryUsage();
  return {
    maps: mapLines("").length,
    descriptors: readdirSync("/proc/self/fd").length,
    heap: heapUsed,
    rss,
  };
}

/** The lines of /proc/self/maps that contain `part`, or are of what has such a path. */
export function mapLines(part: string): string[] {
  const lines = readFileSync("/proc/self/maps", "utf8").trimEnd().split("\n");
  const inodes = inodesOf(part);
  return lines.filter((line) => line.includes(part) || inodes.has(Number(line.split(/\s+/)[4])));
}

/** The descriptors of this process that lead to a path that contains `part`, or to what has one. */
export function descriptorsOf(part: string): number[] {
  const inodes = inodesOf(part);
  return readdirSync("/proc/self/fd").filter((descriptor) => {
    try {
      const path = `/proc/self/fd/${descriptor}`;
      return readlinkSync(path).includes(part) || inodes.has(statSync(path).ino);
    } catch {
      // The one that listed the folder is gone.
      return false;
    }
  }).map(Number);
}

/** What has a path that contains `part`: what got its name after it was opened has none in /proc. */
function inodesOf(part: string): Set<number> {
  const folders = ["/dev/shm", ...(part.includes("/") ? [dirname(`${part}x`)] : [])];
  const paths = folders.filter((folder) => part !== "" && existsSync(folder)).flatMap((folder) =>
    readdirSync(folder).map((name) => `${folder}/${name}`)
  );
  return new Set(
    paths.filter((path) => path.includes(part))
      .map((path) => statSync(path, { throwIfNoEntry: false })?.ino)
      .filter((inode) => inode !== undefined),
  );
}

/** Says in one line how a use grew, if the amounts of a run were asked for. */
export function report(title: string, before: Usage, after: Usage): void {
  if (process.env.RESOURCES === undefined) return;
  const parts = Object.keys(before).map((key) =>
    `${key} ${before[key as keyof Usage]} -> ${after[key as keyof Usage]}`
  );
  console.log(`${title}: ${parts.join(", ")}`);
}

let found: (() => void) | undefined;

/** The garbage collector, which V8 shows with a flag. */
function collector(): () => void {
  return found ??= findCollector();
}

function findCollector(): () => void {
  const { Bun: bun } = globalThis as { Bun?: { gc(force: boolean): void } };
  if (bun !== undefined) return () => bun.gc(true);
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
