/** How long a process takes from nothing to its first entry read. */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import module from "node:module";
import os from "node:os";
import { dirname } from "node:path";
import process from "node:process";
import { ShmLogWriter } from "../mod.ts";
import { root, thisRuntime } from "../scripts/runtimes.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";
import { median } from "./timing.ts";

const ROUNDS = 15;

/** Starts processes that do nothing, and processes that import, open and read. */
export function benchStartup(): Report {
  using writer = ShmLogWriter.create(`/ouroboros-bench-${process.pid}`, { unlinkOnClose: true });
  writer.write("first");
  // Node strips types at each start, and takes 80 ms for it; its users get JavaScript.
  const isNode = thisRuntime().name.startsWith("node");
  const folder = isNode ? stripTypes() : root;
  const extension = isNode ? "js" : "ts";
  const bare: number[] = [];
  const whole: number[] = [];
  const inside: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      bare.push(run(`${folder}bench/startup/nothing.${extension}`, []).elapsed);
      const file = `${folder}bench/startup/first_read.${extension}`;
      const { elapsed, output } = run(file, [writer.name]);
      whole.push(elapsed);
      inside.push(Number(output));
    }
  } finally {
    if (folder !== root) rmSync(folder, { recursive: true });
  }
  const data = {
    runtime: median(bare),
    whole: median(whole),
    inside: median(inside),
  };
  return {
    name: "startup",
    tables: [{
      title: `${runtimeTitle()}: start-up, milliseconds (median of ${ROUNDS} processes)`,
      head: ["", "ms"],
      rows: [
        ["the runtime alone: an empty file", digits(data.runtime)],
        ["import, open and first read as well", digits(data.whole)],
        ["of which import, open and first read", digits(data.inside)],
      ],
    }],
    notes: isNode ? ["Of JavaScript, as in an npm package."] : [],
    data,
  };
}

function run(file: string, args: string[]): { elapsed: number; output: string } {
  const runtime = thisRuntime();
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(runtime.path, [...runtime.run, file, ...args], {
    encoding: "utf8",
  });
  const elapsed = performance.now() - start;
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
  return { elapsed, output: stdout };
}

/** A copy of the library without types, in a folder of its own; gives the folder. */
function stripTypes(): string {
  const folder = `${mkdtempSync(`${os.tmpdir()}/ouroboros-bench-`)}/`;
  writeFileSync(`${folder}package.json`, '{ "type": "module" }');
  const files = ["src", "ffi", "bench/startup"].flatMap((place) => {
    return readdirSync(root + place, { recursive: true, encoding: "utf8" })
      .map((file) => `${place}/${file}`);
  });
  for (const file of ["mod.ts", ...files.filter((file) => file.endsWith(".ts"))]) {
    const target = folder + file.replace(/ts$/, "js");
    mkdirSync(dirname(target), { recursive: true });
    const code = module.stripTypeScriptTypes(readFileSync(root + file, "utf8"));
    writeFileSync(target, code.replace(/((?:from |import\()"\.[^"]+\.)ts"/g, '$1js"'));
  }
  return folder;
}
