/** In Wine 8 Bun can't remove by `rmSync`, as it asks for something new; one by one it can. */

import * as fs from "node:fs";

const { lstatSync, readdirSync, rmdirSync, unlinkSync } = fs;
const real = { ...fs };

function rmSync(path: string, options: { force?: boolean } = {}): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined && options.force) return;
  if (!found?.isDirectory()) return unlinkSync(path);
  for (const name of readdirSync(path)) rmSync(`${path}/${name}`, options);
  rmdirSync(path);
}

// A name that other runtimes' type checks do not look into.
const { mock } = await import(["bun", "test"].join(":"));
mock.module("node:fs", () => ({ ...real, rmSync, default: { ...real, rmSync } }));
