/**
 * `ouroboros doctor`: whether logs work on this machine.
 *
 * @module
 */

import process from "node:process";
import type { Command } from "commander";
import { SharedMemory } from "../../ffi/mod.ts";
import { examine, type Finding, type Status } from "./doctor/finding.ts";
import { tryFolder } from "./doctor/folders.ts";
import { logsHere, temporaryFiles } from "./doctor/leftovers.ts";
import { limitFinding, shmFacts, shmFinding, tryMemory } from "./doctor/memory.ts";
import { processLimits, userNamespace } from "./doctor/process.ts";
import { nativeCalls, runtimesOnPath, thisRuntime } from "./doctor/runtimes.ts";
import { addOutputOptions } from "./options/common.ts";
import { jsonLines, oneLine } from "./output/harmless.ts";
import { Output } from "./output/output.ts";
import { outputColors } from "./output/output_colors.ts";
import { padded } from "./output/columns.ts";
import { ExitError } from "./process/exit.ts";

const EXAMPLES = `
It makes a segment, locks it, wakes a waiting thread through it, and removes it.
In each [folder] it does the same with a file, and looks for files that were left
unfinished. The exit code is 1 if something is broken, and 0 with warnings.

Examples:
  ouroboros doctor
  ouroboros doctor /var/log/app .     can logs be kept in these folders?
  ouroboros doctor --json | jq '.[] | select(.status != "ok")'`;

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("doctor")
    .description(
      "Check whether logs work on this machine and what is left over, and say what to do.",
    )
    .summary("check whether logs work on this machine, and say what to do")
    .argument("[folder...]", "folders that logs or saved logs are kept in");
  addOutputOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(doctor);
}

async function doctor(folders: string[], options: { output: "text" | "json" }): Promise<void> {
  const findings = await lookAround(folders);
  const output = Output.standard();
  output.write(options.output === "json" ? jsonLines(findings) : describe(findings));
  await output.close();
  if (findings.some(({ status }) => status === "broken")) throw new ExitError(1);
}

const SEGMENT_ADVICE = process.platform === "linux"
  ? "mount a tmpfs at /dev/shm that this user may write to (mode 1777), or keep logs in files"
  : "keep logs in files";
const FOLDER_ADVICE = "choose another folder for logs, on a disk that this user may write to";

/** All checks that this machine can be put to. */
async function lookAround(folders: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  const add = async (...what: Parameters<typeof examine>) =>
    findings.push(...await examine(...what));
  const isLinux = process.platform === "linux";
  await add("runtime", async () => [thisRuntime(), ...await runtimesOnPath()]);
  await add("native calls", () => [nativeCalls()]);
  const hasNative = findings.at(-1)?.status === "ok";
  if (hasNative) {
    if (isLinux) await add("shared memory", () => [shmFinding(shmFacts())]);
    await add("memory limit", () => [limitFinding(SharedMemory.memoryLimit)]);
    await add("segment", tryMemory, SEGMENT_ADVICE);
  }
  if (isLinux) {
    await add("user namespace", () => [userNamespace()]);
    await add("limits", () => [processLimits()]);
  }
  if (hasNative) {
    for (const folder of folders) {
      await add(`folder ${oneLine(folder)}`, () => tryFolder(folder), FOLDER_ADVICE);
    }
    if (process.platform !== "darwin") await add("logs", () => [logsHere()]);
    await add("temporary files", () => [temporaryFiles(folders)]);
  }
  return findings;
}

const COLORS: Readonly<Record<Status, "green" | "yellow" | "red">> = {
  ok: "green",
  warning: "yellow",
  broken: "red",
};

/** A line for each, and what to do below it. */
function describe(findings: readonly Finding[]): string {
  const colors = outputColors();
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings.map(({ check, status, found, todo }) =>
    `${colors[COLORS[status]](padded(status, 7))}  ${padded(check, width)}  ${oneLine(found)}\n` +
    (todo === undefined ? "" : `${" ".repeat(9 + width)}  → ${todo}\n`)
  ).join("");
}
