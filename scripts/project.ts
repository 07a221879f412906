/** What deno.json says of this package, which is said nowhere else. */

import { readFileSync } from "node:fs";
import { root } from "./runtimes.ts";

interface DenoConfig {
  name: string;
  version: string;
  license: string;
  exports: Record<string, string>;
  imports: Record<string, string>;
}

/** deno.json, as it is now. */
export const config: DenoConfig = JSON.parse(readFileSync(`${root}deno.json`, "utf8"));

/** One subpath of the package. */
export interface Entry {
  /** Like `./ffi`. */
  subpath: string;
  /** The name of its file without an extension, like `ffi`. */
  name: string;
  /** Its source, relative to the project, like `ffi/mod.ts`. */
  source: string;
}

/** The subpaths that deno.json exports. */
export const entries: readonly Entry[] = Object.entries(config.exports).map((
  [subpath, source],
) => ({
  subpath,
  name: subpath === "." ? "mod" : subpath.slice(2).replaceAll("/", "_"),
  source: source.slice(2),
}));

/** The subpath that is a program and not a library. */
export const CLI = "./cli";

/** All others. */
export const library: readonly Entry[] = entries.filter(({ subpath }) => subpath !== CLI);

/** The version of a dependency, as deno.json has it. */
export function versionOf(name: string): string {
  const [, version] = /^npm:.+@([^@/]+)$/.exec(config.imports[name] ?? "") ?? [];
  if (version === undefined) throw new Error(`deno.json imports no version of ${name}`);
  return version;
}

/** The name of the package that a specifier leads into. */
export function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}
