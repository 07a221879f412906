/** Does one thing with a log of a million rows that contradict each other; prints how many MB that took. */

import { readFileSync } from "node:fs";
import process from "node:process";
import { inspect, Reader, snapshot, verify } from "../../../mod.ts";
import { COMMIT, Raw } from "../../support/segment.ts";

const COUNT = 1_000_000;

/** Each chunk has one entry, and comes long before the next one: an overrun a chunk. */
function forgeGaps(): ArrayBuffer {
  const start = 16 + 16 * COUNT;
  const memory = new ArrayBuffer(start + 16 * COUNT + 64);
  const raw = new Raw(memory);
  raw.view.setBigUint64(0, 0x4f55524f424c4f47n, true);
  raw.setU32(8, 1);
  raw.setU32(12, COUNT);
  raw.setRow(0, start, 2 ** 50);
  for (let index = 2; index < COUNT; index += 2) {
    const offset = start + 16 * index;
    raw.setRow(index, offset, 1 + 10 * index);
    raw.setU32(offset, COMMIT + 8);
    raw.setU32(offset + 8, COMMIT + 1);
  }
  return memory;
}

/** The most memory that this process had, in KiB. */
function peak(): number {
  // What getrusage() says on Linux counts in the process that started this one.
  const status = process.platform === "linux" ? readFileSync("/proc/self/status", "utf8") : "";
  const found = /VmHWM:\s+(\d+)/.exec(status);
  return found === null ? process.resourceUsage().maxRSS : Number(found[1]);
}

const memory = forgeGaps();
switch (process.argv[2]) {
  case "inspect":
    inspect(memory);
    break;
  case "verify":
    verify(memory);
    break;
  case "snapshot":
    snapshot(memory);
    break;
  case "read": {
    const reader = new Reader(memory, { strategy: "oldest" });
    while (reader.readBatch().length > 0);
    break;
  }
}
console.log(Math.round(peak() / 1024));
process.exit(0);
