/** Logs of processes that may have little memory. */

import assert from "node:assert/strict";
import { readFileSync, rmdirSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { segmentSize } from "../../mod.ts";
import { hasSwap, memoryLimit } from "../../ffi/linux/memory_limit.ts";
import { IN_GROUP, makeGroup } from "../support/control_group.ts";
import { needsLittleMemory } from "../support/platform.ts";
import { runScript } from "../support/runtime.ts";

const limited = new URL("children/limited.ts", import.meta.url);
const skip = process.platform === "linux" ? needsLittleMemory : "only Linux has control groups";
const MIB = 1 << 20;

const machines: [what: string, files: Record<string, string>, limit: number][] = [
  ["no control groups", {}, Infinity],
  [
    "version 2, in a container",
    { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "67108864\n" },
    64 * MIB,
  ],
  [
    "version 2, a service in a slice with less",
    {
      "/proc/self/cgroup": "0::/app.slice/app.service\n",
      "/sys/fs/cgroup/app.slice/app.service/memory.max": "max\n",
      "/sys/fs/cgroup/app.slice/memory.max": "33554432\n",
    },
    32 * MIB,
  ],
  [
    "version 1, without a limit",
    {
      "/proc/self/cgroup": "5:devices:/\n4:memory:/\n0::/\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    },
    Infinity,
  ],
  [
    "version 1, in a container that sees the path of its host",
    {
      "/proc/self/cgroup": "4:cpu,memory:/docker/0123456789ab\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "134217728\n",
    },
    128 * MIB,
  ],
];

for (const [what, files, limit] of machines) {
  test(`memoryLimit() knows the limit: ${what}`, () => {
    assert.equal(memoryLimit((path) => files[path]), limit);
  });
}

test("hasSwap() is true unless the machine has no swap", () => {
  const told = (text?: string) => hasSwap(() => text);
  assert.deepEqual(
    [told("SwapTotal:       0 kB\n"), told("SwapTotal:    2048 kB\n"), told()],
    [false, true, true],
  );
});

test("in a group with little memory the default is small, and more than there can be is an error", {
  skip,
}, (t) => {
  const limit = 96 * MIB;
  const group = makeGroup(limit);
  if (group === undefined) return t.skip("no control group to be had");
  try {
    const { stdout, stderr, signal } = runScript(limited, [], {
      before: [...IN_GROUP, group],
    });
    assert.equal(signal, null, stderr);
    const refused = /^SwapTotal: +0 /m.test(readFileSync("/proc/meminfo", "utf8"));
    const [found, usual, large] = stdout.trim().split(",");
    assert.deepEqual([found, usual], [String(limit), String(segmentSize(16, MIB / 2))], stderr);
    if (refused) assert.equal(large, "NO_SPACE");
  } finally {
    rmdirSync(group);
  }
});
