/** Packages for another platform than this one, in a folder outside of the project. */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";

/**
 * Installs exactly those packages in `folder`, unless they are there already. `platform` is what npm
 * shall take this machine for, as `--os=…` and so on.
 */
export function installPackages(
  folder: string,
  title: string,
  platform: readonly string[],
  dependencies: Readonly<Record<string, string>>,
): void {
  const manifest = JSON.stringify({ private: true, type: "module", dependencies }, null, 2);
  // Written last, so that it is there only beside what it lists.
  const installed = `${folder}installed.json`;
  if (existsSync(installed) && readFileSync(installed, "utf8") === manifest) return;
  console.log(`npm install of the ${title} builds in ${folder}`);
  rmSync(installed, { force: true });
  rmSync(`${folder}node_modules`, { recursive: true, force: true });
  writeFileSync(`${folder}package.json`, manifest);
  const { status, stderr, error } = spawnSync("npm", [
    ..."install --force --ignore-scripts --no-bin-links --no-package-lock --no-audit --no-fund"
      .split(" "),
    ...platform,
  ], { cwd: folder, encoding: "utf8", timeout: 600_000 });
  if (status !== 0) throw new Error(`npm install failed: ${error?.message ?? stderr}`);
  writeFileSync(installed, manifest);
}
