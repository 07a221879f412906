/** How long a process takes from nothing to its first entry read. */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ShmLogWriter } from "../mod.ts";
import { thisRuntime } from "../scripts/runtimes.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";
import { median } from "./timing.ts";

const ROUNDS = 15;

/** Starts processes that do nothing, and processes that import, open and read. */
export function benchStartup(): Report {
  using writer = ShmLogWriter.create(`/ouroboros-bench-${process.pid}`);
  writer.write("first");
  const bare: number[] = [];
  const whole: number[] = [];
  const inside: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(run("nothing.ts", []).elapsed);
    const { elapsed, output } = run("first_read.ts", [writer.name]);
    whole.push(elapsed);
    inside.push(Number(output));
  }
  const data = {
    runtime: median(bare),
    whole: median(whole),
    library: median(inside),
  };
  return {
    name: "startup",
    tables: [{
      title: `${runtimeTitle()}: start-up, milliseconds (median of ${ROUNDS} processes)`,
      head: ["", "ms"],
      rows: [
        ["the runtime alone: an empty file", digits(data.runtime)],
        ["import, open and first read as well", digits(data.whole)],
        ["of which import, open and first read", digits(data.library)],
      ],
    }],
    notes: [],
    data,
  };
}

function run(file: string, args: string[]): { elapsed: number; output: string } {
  const runtime = thisRuntime();
  const path = fileURLToPath(new URL(`startup/${file}`, import.meta.url));
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(runtime.path, [...runtime.run, path, ...args], {
    encoding: "utf8",
  });
  const elapsed = performance.now() - start;
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
  return { elapsed, output: stdout };
}
