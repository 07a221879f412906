/** Yarn's Plug'n'Play, which has no node_modules: what a package imports it must have declared. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { PROGRAM } from "./bundled_program.ts";
import { config } from "../project.ts";
import type { Runtime } from "../runtimes.ts";
import { output, type Step } from "./workshop.ts";

/** What the folder has beside the package. */
export const YARN = "@yarnpkg/cli-dist@4.18.1";

/** A project of its own below a folder where Yarn is installed. */
export function pnpStep(runtime: Runtime, folder: string, tarball: string): Step {
  return {
    title: "Yarn's Plug'n'Play: a program, and the command",
    run() {
      const project = `${folder}pnp-${runtime.name}/`;
      mkdirSync(project, { recursive: true });
      const dependencies = { [config.name]: `file:${tarball}` };
      writeFileSync(`${project}package.json`, JSON.stringify({ private: true, dependencies }));
      // It makes this a project of its own.
      writeFileSync(`${project}yarn.lock`, "");
      writeFileSync(`${project}program.mjs`, PROGRAM);
      const yarn = (...args: string[]): string => {
        const program = `${folder}node_modules/@yarnpkg/cli-dist/bin/yarn.js`;
        return output(runtime.path, [program, ...args], {
          cwd: project,
          timeout: 120_000,
          env: {
            ...process.env,
            NO_COLOR: "1",
            YARN_NODE_LINKER: "pnp",
            YARN_ENABLE_TELEMETRY: "0",
            YARN_ENABLE_GLOBAL_CACHE: "false",
            // CI would have the lock file complete.
            YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
          },
        });
      };
      yarn("install");
      assert.equal(yarn("node", "program.mjs"), "hello\n");
      assert.equal(yarn("ouroboros", "--version"), `${config.version}\n`);
    },
  };
}
