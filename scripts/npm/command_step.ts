/** The package's command, as somebody starts it who has installed the package. */

import assert from "node:assert/strict";
import { delimiter, dirname } from "node:path";
import process from "node:process";
import { config } from "../project.ts";
import type { Runtime } from "../runtimes.ts";
import { isWindows, output, type Step } from "./workshop.ts";

/** A backtracking engine takes for ever to find that this does not match. */
const SLOW = `${"a".repeat(60)}b`;

/** The program `ouroboros`: by the file that npm links, where `node` is the runtime. */
function programOf(runtime: Runtime, folder: string): string[] {
  if (runtime.name === "bun") return [runtime.path, "x", "--bun", "--no-install", "ouroboros"];
  if (runtime.name === "deno") return [runtime.path, "run", "-A", `npm:${config.name}/ouroboros`];
  return [`${folder}node_modules/.bin/ouroboros${isWindows ? ".cmd" : ""}`];
}

/** Runs a program to its end, with this runtime as `node`; gives what it printed. */
function printed(runtime: Runtime, folder: string, words: string[], input = ""): string {
  return output(words[0], words.slice(1), {
    cwd: folder,
    input,
    // What ends in .cmd is not started without one.
    shell: isWindows && runtime.name.startsWith("node"),
    env: {
      ...process.env,
      NO_COLOR: "1",
      PATH: `${dirname(runtime.path)}${delimiter}${process.env.PATH}`,
    },
  });
}

/** The commands that need no other package. */
export function commandStep(runtime: Runtime, folder: string): Step {
  const log = `${folder}${runtime.name}.log`;
  const ouroboros = (args: string[], input?: string) =>
    printed(runtime, folder, [...programOf(runtime, folder), ...args], input);
  return {
    title: "the command ouroboros: --version, write, tail, tail --grep in its thread, stat",
    run() {
      assert.equal(ouroboros(["--version"]), `${config.version}\n`);
      ouroboros(["write", log], `one\n${SLOW}\naaa\n`);
      assert.equal(ouroboros(["tail", log, "-n", "2"]), `${SLOW}\naaa\n`);
      assert.equal(ouroboros(["tail", log, "--grep", "^(a+)+$"]), "aaa\n");
      JSON.parse(ouroboros(["stat", log, "-o", "json"]));
    },
  };
}

/** In a folder without the peers. */
export function plainTopStep(runtime: Runtime, folder: string): Step {
  return {
    title: "ouroboros top without ink and react: a table in a terminal",
    run() {
      const line = [...programOf(runtime, folder), "top"].map((word) => `'${word}'`).join(" ");
      // So wide that the names of other logs on this machine push no column out.
      const inTerminal = ["script", "-qec", `stty rows 24 cols 250; ${line}`, "/dev/null"];
      assert.match(
        printed(runtime, folder, inTerminal, "q"),
        /NAME .*CHUNKS[^]*npm install ink react/,
      );
    },
  };
}
