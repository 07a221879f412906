/** The package's command, as somebody starts it who has installed the package. */

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import process from "node:process";
import { config } from "./project.ts";
import type { Runtime } from "../runtimes.ts";
import type { Step } from "./stranger.ts";
import { complaint } from "./workshop.ts";

const isWindows = process.platform === "win32";

/** The program `ouroboros`, by the file that npm links, where `node` is the runtime. */
export function commandStep(runtime: Runtime, folder: string): Step {
  // Where `node` is it. Windows lets not everybody make links, and there its own folder has that name in it.
  const bin = isWindows ? dirname(runtime.path) : `${folder}bin-${runtime.name}`;
  const log = `${folder}${runtime.name}.log`;
  const ouroboros = (args: string[], input = ""): string => {
    const [program, before] = runtime.name === "bun"
      ? [runtime.path, ["x", "--bun", "--no-install", "ouroboros"]]
      : runtime.name === "deno"
      ? [runtime.path, ["run", "-A", `npm:${config.name}/ouroboros`]]
      : [`${folder}node_modules/.bin/ouroboros${isWindows ? ".cmd" : ""}`, []];
    const result = spawnSync(program as string, [...before as string[], ...args], {
      cwd: folder,
      input,
      encoding: "utf8",
      timeout: 60_000,
      // What ends in .cmd is not started without one.
      shell: isWindows && runtime.name.startsWith("node"),
      env: { ...process.env, NO_COLOR: "1", PATH: `${bin}${delimiter}${process.env.PATH}` },
    });
    if (result.status !== 0) throw new Error(complaint(result));
    return result.stdout;
  };
  const expect = (actual: string, expected: string) => {
    if (actual !== expected) {
      throw new Error(`${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
    }
  };
  return {
    title: "the command ouroboros: --version, write, tail, stat",
    run() {
      if (runtime.name.startsWith("node") && !isWindows) {
        rmSync(bin, { recursive: true, force: true });
        mkdirSync(bin);
        symlinkSync(runtime.path, `${bin}/node`);
      }
      expect(ouroboros(["--version"]), `${config.version}\n`);
      ouroboros(["write", log, "--keep"], "one\ntwo\nthree\n");
      expect(ouroboros(["tail", log, "-n", "2"]), "two\nthree\n");
      JSON.parse(ouroboros(["stat", log, "-o", "json"]));
    },
  };
}
