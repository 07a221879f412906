/** The project's own tests that need nothing but what the package exports, to run them with the package. */

import { readFileSync } from "node:fs";
import { dirname, normalize } from "node:path";
import { pathToFileURL } from "node:url";
import { testFiles } from "../run_tests.ts";
import { root } from "../runtimes.ts";
import { entries } from "../project.ts";

const IMPORT =
  /(?:import|export)(\s+type)?\s+((?:\w+,\s*)?\{[^}]*\}|\*(?:\s+as\s+\w+)?|\w+)\s+from\s+"(\.[^"]+)"/g;
const EXPORT = /export\s+(\*|\{[^}]*\})\s+from\s+"(\.[^"]+)"/g;
/** A module that is imported later, or a file that is started, or read. */
const BESIDE = /import\("(\.[^"]+)"\)|new URL\(\s*["'`]([^"'`]*)["'`],\s*import\.meta\.url/g;

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
  const needs = [
    ...[...text.matchAll(IMPORT)].filter(([, type]) => type === undefined)
      .map(([, , clause, path]) => ({ path, wanted: namesIn(clause) })),
    ...[...text.matchAll(BESIDE)].map(([, module, beside]) => ({
      path: module ?? beside,
      wanted: ["*"],
    })),
  ];
  return needs.every(({ path, wanted }) => {
    const target = pathFrom(file, path);
    if (target.startsWith("test/")) return isPublic(target, used, seen);
    if (target.startsWith("scripts/") || wanted.length === 0) return true;
    const name = entries.find(({ source }) => source === target || gives(source, target, wanted))
      ?.name;
    if (name === undefined) return false;
    used.set(pathToFileURL(root + target).href, name);
    return true;
  });
}

/** Whether an entry exports these names of another source. */
function gives(entry: string, target: string, wanted: readonly string[]): boolean {
  return [...readFileSync(root + entry, "utf8").matchAll(EXPORT)].some(([, clause, path]) =>
    pathFrom(entry, path) === target &&
    (clause === "*" || wanted.every((name) => namesIn(clause).includes(name)))
  );
}

function pathFrom(file: string, path: string): string {
  return normalize(`${dirname(file)}/${path}`).replaceAll("\\", "/");
}

/** The names that are there at run time. */
function namesIn(clause: string): string[] {
  const [, names] = /\{([^}]*)\}/.exec(clause) ?? [];
  if (names === undefined) return ["*"];
  return names.split(",").map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "))
    .map((name) => name.split(/\s+as\s+/)[0]);
}
