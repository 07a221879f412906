/** Our logger beside others: what a line costs the caller, with its way to memory or to a file. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SharedMemory } from "../ffi/mod.ts";
import { thisRuntime } from "../scripts/runtimes.ts";
import { KINDS } from "./logger/calls.ts";
import { libraries } from "./logger/libraries.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";
import { median } from "./timing.ts";

const ROUNDS = 2;
const OURS = "this logger";

type Figures = Record<string, { fastest: number; median: number }>;

/** Runs each library in a process of its own, in rounds; another process reads what it has written. */
export function benchLogger(_: unknown, onCase: () => void): Report {
  const folder = mkdtempSync(`${os.tmpdir()}/ouroboros-bench-`);
  const found = new Map<string, Figures[]>();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of Object.keys(libraries)) {
        found.set(name, [...found.get(name) ?? [], measured(name, folder)]);
        onCase();
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const kinds = ["Date.now()", ...KINDS];
  const figures = Object.fromEntries(
    [...found].map(([name, rounds]) => [name, ofRounds(rounds, kinds)]),
  );
  const cell = (name: string, kind: string) => {
    const { fastest } = figures[name][kind] ?? { fastest: NaN };
    const ratio = fastest / figures[OURS][kind]?.fastest;
    return name === OURS || !(ratio > 0) || kind === "Date.now()"
      ? digits(fastest)
      : `${digits(fastest)} (${digits(ratio)}×)`;
  };
  return {
    name: "logger",
    tables: [{
      title: `${runtimeTitle()}: ns a line, with what there is to do until it is written ` +
        `(fastest of ${ROUNDS} runs; how many times ours)`,
      head: ["", ...kinds],
      rows: Object.keys(figures).map((name) => [name, ...kinds.map((kind) => cell(name, kind))]),
    }],
    notes: [
      "Bursts of 200 lines; where a library writes later, the event loop turns after each. Several " +
      "shapes of objects and messages at each place. Another process has read each line.",
    ],
    data: figures,
  };
}

function ofRounds(rounds: readonly Figures[], kinds: readonly string[]): Figures {
  return Object.fromEntries(
    kinds.filter((kind) => kind in rounds[0]).map((kind) => [kind, {
      fastest: Math.min(...rounds.map((round) => round[kind].fastest)),
      median: median(rounds.map((round) => round[kind].median)),
    }]),
  );
}

function measured(name: string, folder: string): Figures {
  const isLog = name === OURS || name === "pino, our sink";
  const place = (what: string) => isLog ? `/${basename(folder)}-${what}` : join(folder, what);
  const result = join(folder, "result.json");
  const [path, checked] = [place("timed"), place("checked")];
  try {
    run("sender.ts", [name, path, checked, result]);
    run("checked.ts", [name, checked]);
    return JSON.parse(readFileSync(result, "utf8"));
  } finally {
    for (const left of [path, checked]) {
      if (isLog) SharedMemory.unlink(left);
      else rmSync(left, { force: true });
    }
  }
}

function run(file: string, args: readonly string[]): void {
  const { path: command, run } = thisRuntime();
  const script = fileURLToPath(new URL(`logger/${file}`, import.meta.url));
  const { status, signal, stderr } = spawnSync(command, [...run, script, ...args], {
    encoding: "utf8",
    timeout: 120_000,
    env: { ...globalThis.process.env, ROARR_LOG: "true" },
  });
  if (status !== 0) throw new Error(`${file} ${args[0]} ended with ${status ?? signal}: ${stderr}`);
}
