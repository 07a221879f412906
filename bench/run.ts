/** What `ouroboros run` costs a program, beside a pipe into a file. */

import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { SharedMemory } from "../ffi/mod.ts";
import { system } from "../ffi/current_system.ts";
import { thisRuntime } from "../scripts/runtimes.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";
import { median } from "./timing.ts";

const ROUNDS = 3;
const RATE = 200_000;
const MODES = [
  { title: "as fast as it can", lines: 3_000_000, rate: [] },
  { title: `${RATE / 1000},000 lines/s`, lines: 3 * RATE, rate: [RATE] },
];
const WAYS = ["| cat > file", "run > file", "run --quiet"] as const;

/** What a run took, in milliseconds. */
interface Run {
  /** Of the program: from its first line to its last one, its longest write, and its CPU time. */
  elapsed: number;
  longest: number;
  cpu: number;
  /** CPU time of all processes. */
  total: number;
}

const program = fileURLToPath(new URL("run/lines.ts", import.meta.url));
const cli = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

/** Runs a program both ways, in rounds one after the other. */
export async function benchRun(_: unknown, onCase: () => void): Promise<Report> {
  const folder = mkdtempSync(`${os.tmpdir()}/ouroboros-bench-`);
  const found = MODES.map(() => WAYS.map((): Run[] => []));
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, { lines, rate }] of MODES.entries()) {
        for (const [k, way] of WAYS.entries()) {
          found[i][k].push(await runOnce(folder, way, [lines, ...rate]));
          onCase();
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const data = MODES.map(({ title, lines }, i) => ({
    title,
    lines,
    ways: WAYS.map((way, k) => {
      const of = (key: keyof Run) => median(found[i][k].map((run) => run[key]));
      return {
        way,
        elapsed: of("elapsed"),
        longest: of("longest"),
        cpu: of("cpu"),
        total: of("total"),
      };
    }),
  }));
  return {
    name: "run",
    tables: data.map(({ title, lines, ways }) => ({
      title: `${runtimeTitle()}: a program that prints lines of 100 bytes, ${title} ` +
        `(medians of ${ROUNDS} runs)`,
      head: ["", "lines/s", "against cat", "longest write, ms", "its CPU, ms", "CPU of all, ms"],
      rows: ways.map(({ way, elapsed, longest, cpu, total }) => [
        way,
        String(Math.round(lines / elapsed * 1000)),
        `${digits(ways[0].elapsed / elapsed)} ×`,
        digits(longest),
        digits(cpu),
        digits(total),
      ]),
    })),
    notes: [
      "CPU of all is that of the program, of the shell and cat, or of run, with their starts.",
    ],
    data,
  };
}

async function runOnce(folder: string, way: typeof WAYS[number], args: number[]): Promise<Run> {
  const { path, run } = thisRuntime();
  const log = `/ouroboros-bench-run-${process.pid}`;
  const [report, file] = [`${folder}/report`, `${folder}/lines`];
  const command = [path, ...run, program, report, ...args].map((word) => `'${word}'`).join(" ");
  const quiet = way === "run --quiet" ? "--quiet" : "";
  const line = way === "| cat > file"
    ? `${command} | cat > '${file}'`
    : `'${path}' ${run.join(" ")} '${cli}' run ${quiet} --log ${log} -- ${command} > '${file}'`;
  const processes = system().processes!();
  const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  const pid = processes.spawn(["sh", "-c", line], environment, [0, 1, 2]);
  let end = processes.wait(pid);
  while (end === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    end = processes.wait(pid);
  }
  if (end.exitCode !== 0) throw new Error(`${line} ended with ${end.exitCode}`);
  const size = statSync(file).size;
  const expected = way === "run --quiet" ? 0 : args[0] * 100;
  if (Math.abs(size - expected) > 64_000) {
    throw new Error(`${size} bytes, not ${expected}: ${line}`);
  }
  SharedMemory.unlink(log);
  rmSync(file);
  const { elapsed, longest, cpu } = JSON.parse(readFileSync(report, "utf8"));
  return { elapsed, longest, cpu, total: (end.userTime ?? 0) + (end.systemTime ?? 0) };
}
