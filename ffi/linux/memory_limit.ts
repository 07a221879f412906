/**
 * How much memory the control groups of Linux let a process have.
 *
 * @module
 */

import type { ReadText } from "./proc.ts";

/** Where the groups of version 2 and 1 are mounted, and what says the limit of one. */
const VERSIONS = [
  { isOf: (controllers: string) => controllers === "", root: "/sys/fs/cgroup", file: "memory.max" },
  {
    isOf: (controllers: string) => controllers.split(",").includes("memory"),
    root: "/sys/fs/cgroup/memory",
    file: "memory.limit_in_bytes",
  },
];
/** Version 1 says "no limit" by a number that no machine has. */
const NO_LIMIT = 2 ** 60;

/**
 * The memory in bytes that this process and all others of its control groups may have together, which
 * includes what they have in shared memory; Infinity if nothing limits it.
 */
export function memoryLimit(read: ReadText): number {
  let limit = Infinity;
  for (const line of (read("/proc/self/cgroup") ?? "").split("\n")) {
    // 0::/user.slice/app.service
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    for (const { isOf, root, file } of VERSIONS) {
      if (!isOf(controllers)) continue;
      // Each group has the limits of those above it, too. In a container those are all at its root.
      const parts = path.split("/").filter((part) => part !== "");
      for (let depth = parts.length; depth >= 0; depth--) {
        const folder = [root, ...parts.slice(0, depth)].join("/");
        const found = Number.parseInt(read(`${folder}/${file}`) ?? "", 10);
        if (found < NO_LIMIT) limit = Math.min(limit, found);
      }
    }
  }
  return limit;
}

/** Whether the machine can write memory to a disk when there is too little of it. */
export function hasSwap(read: ReadText): boolean {
  const found = /^SwapTotal: +(\d+)/m.exec(read("/proc/meminfo") ?? "");
  return found === null || Number(found[1]) > 0;
}
