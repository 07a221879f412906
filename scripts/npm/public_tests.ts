/** The project's own tests that need nothing but what the package exports, to run them with the package. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, normalize } from "node:path";
import { pathToFileURL } from "node:url";
import { testFiles } from "../run_tests.ts";
import { root } from "../runtimes.ts";
import { entries } from "../project.ts";

const IMPORT =
  /(?:import|export)(\s+type)?\s+((?:\w+,\s*)?\{[^}]*\}|\*(?:\s+as\s+\w+)?|\w+)\s+from\s+"(\.[^"]+)"/g;
const DYNAMIC = /import\("(\.[^"]+)"\)/g;
/** A file that is started, or read. */
const BESIDE = /new URL\(\s*["'`]([^"'`]*)["'`],\s*import\.meta\.url/g;

/** Tests, and what stands for the sources that they import. */
export interface PublicTests {
  /** The test files, relative to the project. */
  files: string[];
  /** The name of the entry that exports what is imported of a source, by the source's URL. */
  names: Map<string, string>;
}

/** Finds the tests that import, of the sources, only what the subpaths export. */
export function publicTests(filters: readonly string[]): PublicTests {
  const names = new Map<string, string>();
  const files = testFiles(root, filters).filter((file) => {
    const used = new Map<string, string>();
    if (!isPublic(normalize(file), used, new Set())) return false;
    for (const [source, name] of used) names.set(source, name);
    return true;
  });
  return { files, names };
}

/** Whether a file of test/, with all that it imports or starts there, needs only what is exported. */
function isPublic(file: string, used: Map<string, string>, seen: Set<string>): boolean {
  if (seen.has(file)) return true;
  seen.add(file);
  if (!file.endsWith(".ts")) return true;
  const text = readFileSync(root + file, "utf8");
  const needs: [path: string, names: string[]][] = [
    ...[...text.matchAll(IMPORT)].filter(([, type]) => type === undefined)
      .map(([, , clause, path]): [string, string[]] => [path, namesIn(clause)]),
    ...[...text.matchAll(DYNAMIC)].map(([, path]): [string, string[]] => [path, ["*"]]),
    ...[...text.matchAll(BESIDE)].map(([, path]): [string, string[]] => [path, ["*"]]),
  ];
  return needs.every(([path, wanted]) => {
    const target = normalize(`${dirname(file)}/${path}`).replaceAll("\\", "/");
    if (target.startsWith("test/")) return isPublic(target, used, seen);
    if (target.startsWith("scripts/") || wanted.length === 0) return true;
    const name = entries.find(({ source }) =>
      source === target || exportsOf(source, target, wanted)
    )?.name;
    if (name === undefined) return false;
    used.set(pathToFileURL(root + target).href, name);
    return true;
  });
}

/** Whether an entry exports these names of another source. */
function exportsOf(entry: string, target: string, wanted: readonly string[]): boolean {
  if (!existsSync(root + entry)) return false;
  const text = readFileSync(root + entry, "utf8");
  return [...text.matchAll(/export\s+(\*|\{[^}]*\})\s+from\s+"(\.[^"]+)"/g)].some(
    ([, clause, path]) =>
      normalize(`${dirname(entry)}/${path}`).replaceAll("\\", "/") === target &&
      (clause === "*" || wanted.every((name) => namesIn(clause).includes(name))),
  );
}

/** The names that are there at run time. */
function namesIn(clause: string): string[] {
  const [, names] = /\{([^}]*)\}/.exec(clause) ?? [];
  if (names === undefined) return ["*"];
  return names.split(",").map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "))
    .map((name) => name.split(/\s+as\s+/)[0]);
}
