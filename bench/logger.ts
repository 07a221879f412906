/** Our logger beside others: what a line costs the caller, with its way to memory or to a file. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
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
/** Loggers of Go, which write nowhere, and where Debian puts their sources. */
const GO_LOGGERS = ["zerolog (Go)", "zap (Go)"];
const GO_PATH = "/usr/share/gocode";
const GO_SOURCES = ["github.com/rs/zerolog", "go.uber.org/zap"];

type Figures = Record<string, { fastest: number; median: number }>;

/** Runs each library in a process of its own, in rounds; another process reads what it has written. */
export function benchLogger(_: unknown, onCase: () => void): Report {
  const folder = mkdtempSync(`${os.tmpdir()}/ouroboros-bench-`);
  const found = new Map<string, Figures[]>();
  const hasGo = GO_SOURCES.every((source) => existsSync(`${GO_PATH}/src/${source}`)) &&
    spawnSync("go", ["version"]).status === 0;
  try {
    if (hasGo) buildGo(folder);
    const names = [...Object.keys(libraries), ...hasGo ? GO_LOGGERS : []];
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of names) {
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
      hasGo
        ? "zerolog and zap write nowhere, and have the time in milliseconds, as the others."
        : "zerolog and zap of Go are left out: they need Debian's golang-go, " +
          "golang-github-rs-zerolog-dev and golang-go.uber-zap-dev.",
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
    if (GO_LOGGERS.includes(name)) {
      start(join(folder, "golang"), [name.split(" ")[0], checked, result]);
    } else {
      run("sender.ts", [name, path, checked, result]);
    }
    run("checked.ts", [name, checked]);
    return JSON.parse(readFileSync(result, "utf8"));
  } finally {
    for (const left of [path, checked]) {
      if (isLog) SharedMemory.unlink(left);
      else rmSync(left, { force: true });
    }
  }
}

/** Builds the program that times the loggers of Go. */
function buildGo(folder: string): void {
  const source = fileURLToPath(new URL("logger/golang.go", import.meta.url));
  start("go", ["build", "-o", join(folder, "golang"), source], {
    GO111MODULE: "off",
    GOPATH: GO_PATH,
    GOCACHE: join(folder, "cache"),
  });
}

/** Runs a script beside this one. */
function run(file: string, args: readonly string[]): void {
  const { path, run } = thisRuntime();
  const script = fileURLToPath(new URL(`logger/${file}`, import.meta.url));
  start(path, [...run, script, ...args], { ROARR_LOG: "true" });
}

function start(command: string, args: readonly string[], env: Record<string, string> = {}): void {
  const { status, signal, error, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    timeout: 120_000,
    env: { ...globalThis.process.env, ...env },
  });
  if (status !== 0) {
    throw new Error(
      `${command} ${args.join(" ")} ended with ${error ?? status ?? signal}: ${stderr}`,
    );
  }
}
