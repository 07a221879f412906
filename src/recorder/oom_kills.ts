/**
 * How often the kernel killed a process for lack of memory.
 *
 * @module
 */

import { readFileSync } from "node:fs";

/** Where the groups of version 2 and 1 are mounted, and what counts the kills. */
const VERSIONS = [
  { isOf: (controllers: string) => controllers === "", root: "", file: "memory.events" },
  {
    isOf: (controllers: string) => controllers.split(",").includes("memory"),
    root: "/memory",
    file: "memory.oom_control",
  },
];

/** How many processes of this process's control group it killed; `undefined` where that is not known. */
export function oomKills(): number | undefined {
  for (const line of (text("/proc/self/cgroup") ?? "").split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    for (const { isOf, root, file } of VERSIONS) {
      if (!isOf(controllers)) continue;
      // In a container its group is at the root.
      for (const group of path === "/" ? [""] : [path, ""]) {
        const found = text(`/sys/fs/cgroup${root}${group}/${file}`);
        const count = /^oom_kill (\d+)$/m.exec(found ?? "");
        if (count !== null) return Number(count[1]);
      }
    }
  }
  return undefined;
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
