/** What arrives of a logger's lines when its process is killed, and what a line costs until then. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { SharedMemory } from "../ffi/mod.ts";
import { ShmLogReader } from "../mod.ts";
import { thisRuntime } from "../scripts/runtimes.ts";
import { LINE_SIZE } from "./peers/lines.ts";
import { digits, type Report, runtimeTitle } from "./report.ts";
import { median } from "./timing.ts";

const ROUNDS = 3;
/** How many lines a process logs before it is killed. They fit into a log of the default size. */
const LINES = 50_000;

interface Killed {
  /** What the caller waits, in ns a line. */
  caller: number;
  /** How many lines arrived. */
  arrived: number;
}

/** Kills every logger, in rounds one after the other. */
export function benchKills(_: unknown, onCase: () => void): Report {
  const folder = mkdtempSync(`${os.tmpdir()}/ouroboros-bench-`);
  const hasJournal = spawnSync("systemd-cat", ["true"]).status === 0;
  const names = [
    "pino, this log",
    "pino, file, sync: true",
    "pino, file",
    ...hasJournal ? ["pino, journald, sync: true", "pino, journald"] : [],
  ];
  const killed = new Map(names.map((name): [string, Killed[]] => [name, []]));
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, name] of names.entries()) {
        killed.get(name)?.push(kill(name, `${folder}/${round}-${index}`));
        onCase();
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const data = [...killed].map(([name, runs]) => ({
    name,
    caller: median(runs.map(({ caller }) => caller)),
    lost: Math.max(...runs.map(({ arrived }) => LINES - arrived)),
  }));
  return {
    name: "kills",
    tables: [{
      title: `${runtimeTitle()}: kill -9 after ${LINES} lines of ${LINE_SIZE} bytes ` +
        `(${ROUNDS} runs: median, most lost)`,
      head: ["", "ns in the call", "lines lost"],
      rows: data.map(({ name, caller, lost }) => [name, digits(caller), String(lost)]),
    }],
    notes: hasJournal ? [] : ["journald: not here."],
    data,
  };
}

/** Starts one that kills itself, and counts what it left. */
function kill(name: string, path: string): Killed {
  const { path: runtime, run } = thisRuntime();
  const file = fileURLToPath(new URL("kills/dying.ts", import.meta.url));
  // Nobody else's name, for a segment and in the journal.
  const tag = path.replaceAll("/", "-");
  const command = [runtime, ...run, file, name, path, `/${tag}`, String(LINES)];
  if (name.includes("journald")) command.unshift("systemd-cat", "-t", tag);
  const { signal, stderr } = spawnSync(command[0], command.slice(1), { encoding: "utf8" });
  if (signal !== "SIGKILL") throw new Error(`${name}: ${stderr}`);
  return { caller: Number(readFileSync(`${path}.ns`, "utf8")), arrived: arrived(name, path, tag) };
}

function arrived(name: string, path: string, tag: string): number {
  if (name.includes("file")) return wholeLines(readFileSync(path, "utf8"));
  if (!name.includes("journald")) {
    using reader = ShmLogReader.open(`/${tag}`, { strategy: "oldest" });
    SharedMemory.unlink(`/${tag}`);
    return [...reader].length;
  }
  // It comes to it in its own time.
  for (let before = -1;;) {
    spawnSync("sleep", ["2"]);
    const { stdout } = spawnSync("journalctl", ["-t", tag, "-o", "cat", "--no-pager"], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    const now = wholeLines(stdout);
    if (now === before) return now;
    before = now;
  }
}

function wholeLines(text: string): number {
  return text.split("\n").filter((line) => line.endsWith("}")).length;
}
