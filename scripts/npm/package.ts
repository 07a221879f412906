/** Builds the npm package and packs it. */

import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { DOCUMENTS } from "../links.ts";
import { root } from "../runtimes.ts";
import { bundle } from "./bundle.ts";
import { manifest } from "./manifest.ts";
import { thirdParty } from "./third_party.ts";

/** Where the package is built. */
export const folder: string = `${root}dist/npm/`;

/** How much is in the package, in bytes. */
export interface Sizes {
  javascript: number;
  types: number;
  /** Source maps, which are loaded only where they are asked for. */
  maps: number;
  /** README, guides, licenses, package.json, the page that the command serves. */
  rest: number;
}

/** What was built. */
export interface Package {
  /** The path of the tarball. */
  tarball: string;
  sizes: Sizes;
}

/** Builds and packs. */
export async function buildPackage(): Promise<Package> {
  rmSync(folder, { recursive: true, force: true });
  const built = await bundle(`${folder}dist`);
  writeFileSync(`${folder}package.json`, `${JSON.stringify(manifest(built), null, 2)}\n`);
  for (const path of DOCUMENTS) cpSync(root + path, folder + path, { recursive: true });
  writeFileSync(`${folder}THIRD_PARTY.md`, thirdParty(built.builtIn));
  return { tarball: pack(), sizes: measure() };
}

function pack(): string {
  const { status, stdout, stderr, error } = spawnSync(
    "npm",
    ["pack", "--json", "--pack-destination", `${root}dist`],
    { cwd: folder, encoding: "utf8", shell: process.platform === "win32" },
  );
  if (status !== 0) throw new Error(`npm pack failed: ${error?.message ?? stderr}`);
  return join(root, "dist", JSON.parse(stdout)[0].filename);
}

function measure(): Sizes {
  const sizes: Sizes = { javascript: 0, types: 0, maps: 0, rest: 0 };
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const stat = statSync(folder + file);
    if (stat.isDirectory()) continue;
    const kind = file.endsWith(".map")
      ? "maps"
      : file.endsWith(".d.ts")
      ? "types"
      : file.endsWith(".js")
      ? "javascript"
      : "rest";
    sizes[kind] += stat.size;
  }
  return sizes;
}
