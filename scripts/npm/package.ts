/** Builds the npm package and packs it. */

import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DOCUMENTS } from "../links.ts";
import { root } from "../runtimes.ts";
import { bundle } from "./bundle.ts";
import { manifest } from "./manifest.ts";
import { isWindows, output } from "./workshop.ts";

/** Where the package is built. */
export const folder: string = `${root}dist/npm/`;

/** Builds and packs; gives the path of the tarball. */
export async function buildPackage(): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  const built = await bundle(`${folder}dist`);
  writeFileSync(`${folder}package.json`, `${JSON.stringify(manifest(built), null, 2)}\n`);
  for (const path of DOCUMENTS) cpSync(root + path, folder + path, { recursive: true });
  writeFileSync(`${folder}THIRD_PARTY.md`, thirdParty(built.builtIn));
  return pack();
}

function pack(): string {
  const args = ["pack", "--json", "--pack-destination", `${root}dist`];
  const [packed] = JSON.parse(output("npm", args, { cwd: folder, shell: isWindows }));
  const tarball = join(root, "dist", packed.filename);
  console.log(`${tarball}: ${packed.size} bytes, unpacked ${packed.unpackedSize}`);
  return tarball;
}

/** The licenses of the packages that are built in, each as its folder has it. */
function thirdParty(folders: Iterable<string>): string {
  const parts = [...folders].sort().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    const file = readdirSync(folder).find((file) => /^licen[sc]e/i.test(file));
    if (file === undefined) throw new Error(`${name} has no file with its license`);
    return `## ${name} ${version}\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
  });
  const title = "# Third party\n\nThe command line, `dist/cli.js`, has these packages in it.\n";
  return [title, ...parts].join("\n");
}

/** The packages that the built one would like to have beside it. */
export function peers(): string[] {
  const { peerDependencies = {} } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
  return Object.keys(peerDependencies);
}
