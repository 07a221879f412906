/** Builds the npm package and packs it. */

import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { root } from "../runtimes.ts";
import { bundle } from "./bundle.ts";
import { writeDeclarations } from "./declarations.ts";
import { manifest } from "./manifest.ts";
import { thirdParty } from "./third_party.ts";

/** Where the package is built. */
export const folder: string = `${root}dist/npm/`;

/** How much is in the package, in bytes, and without source maps, which nobody loads. */
export interface Sizes {
  /** JavaScript of the library. */
  library: number;
  /** The command line: JavaScript, and the page that it serves. */
  cli: number;
  types: number;
  maps: number;
  /** README, licenses, package.json. */
  texts: number;
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
  mkdirSync(`${folder}dist`, { recursive: true });
  const built = await bundle(`${folder}dist`);
  for (const file of built.cliFiles) rmSync(`${folder}dist/${file}.map`, { force: true });
  for (const name of writeDeclarations(`${folder}dist/types`)) built.imported.add(name);
  writeFileSync(`${folder}package.json`, `${JSON.stringify(manifest(built), null, 2)}\n`);
  copyFileSync(`${root}LICENSE`, `${folder}LICENSE`);
  writeFileSync(`${folder}README.md`, readmeForNpm(readFileSync(`${root}README.md`, "utf8")));
  writeFileSync(`${folder}THIRD_PARTY.md`, thirdParty(built.builtIn));
  return { tarball: pack(), sizes: measure(built.cliFiles) };
}

/** What only who has the sources can use: pictures, and how to work on them. */
function readmeForNpm(text: string): string {
  return text
    .replace(/^!\[[^\]]*\]\((?!https?:)[^)]*\)\n/gm, "")
    .replace(/^## (?:Two commands|Architecture)\n[^]*?(?=^## |(?![^]))/gm, "");
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

function measure(cliFiles: Set<string>): Sizes {
  const sizes: Sizes = { library: 0, cli: 0, types: 0, maps: 0, texts: 0 };
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const stat = statSync(folder + file);
    if (stat.isDirectory()) continue;
    const kind: keyof Sizes = file.endsWith(".map")
      ? "maps"
      : file.endsWith(".d.ts")
      ? "types"
      : file.endsWith(".br")
      ? "cli"
      : !file.endsWith(".js")
      ? "texts"
      : cliFiles.has(file.replace(/^dist[\\/]/, ""))
      ? "cli"
      : "library";
    sizes[kind] += stat.size;
  }
  return sizes;
}
