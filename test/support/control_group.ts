/** Control groups of Linux, for tests of what happens when memory is short. */

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import process from "node:process";

/** What runs a command in a group, whose folder is to come first. */
export const IN_GROUP: readonly string[] = [
  "sh",
  "-c",
  'echo $$ > "$0/cgroup.procs" && exec "$@"',
];

/** A control group of ours, with so much memory; undefined if we may not make one. */
export function makeGroup(bytes: number): string | undefined {
  const line = readFileSync("/proc/self/cgroup", "utf8").split("\n");
  const isOld = line.some((one) => /^\d+:memory:/.test(one));
  const path = line.map((one) => /^\d+:(?:memory)?:(.*)$/.exec(one)).find((one) =>
    one !== null && isOld === one[0].includes("memory")
  )?.[1];
  if (path === undefined) return undefined;
  const folder = `/sys/fs/cgroup${isOld ? "/memory" : ""}${path}/ouroboros-test-${process.pid}`;
  try {
    mkdirSync(folder);
  } catch {
    return undefined;
  }
  const file = `${folder}/${isOld ? "memory.limit_in_bytes" : "memory.max"}`;
  try {
    if (existsSync(file)) {
      writeFileSync(file, String(bytes));
      return folder;
    }
  } catch {
    // Not for us.
  }
  rmdirSync(folder);
  return undefined;
}
