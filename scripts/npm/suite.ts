/**
 * The project's own tests, made to import the built package: what they import of the sources becomes
 * the subpath that exports it. Tests of what no subpath exports are left out.
 */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { root } from "../runtimes.ts";
import { packageOf } from "./dependencies.ts";
import { lowered } from "./lower.ts";
import { config, entries } from "./project.ts";

/** A test that needs the sources, and what it needs of them. */
export interface LeftOut {
  file: string;
  reason: string;
}

/** The tests that the package can pass. */
export interface Suite {
  /** The test files, relative to the project. */
  files: string[];
  leftOut: LeftOut[];
  /** Packages that they import beside ours. */
  packages: string[];
  /** All files of test/ but those left out, with what is in them. */
  texts: Map<string, string>;
}

/** Of the project's scripts the tests use these. */
const SCRIPTS = ["scripts/runtimes.ts"];
const IMPORT =
  /(import|export)(\s+type)?\s+((?:\w+,\s*)?\{[^}]*\}|\*(?:\s+as\s+\w+)?|\w+)\s+from\s+"(\.[^"]+)"/g;
const DYNAMIC = /import\("(\.[^"]+)"\)/g;
/** An import from a package, in code or in code within a text. */
const PACKAGE = /(?:from\s+|import\()\\?["']([@a-z][^"'\\:]*)\\?["']/g;
const BESIDE = /new URL\(\s*["'`]([^"'`]*)["'`],\s*import\.meta\.url/g;

/** Finds out which tests the package can pass. */
export function planSuite(): Suite {
  const sources = new Map(
    readdirSync(`${root}test`, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => `test/${file.replaceAll("\\", "/")}`)
      .map((file) => [file, new Source(file)]),
  );
  const tests = [...sources.keys()].filter((file) => file.endsWith(".test.ts")).sort();
  const leftOut = tests.flatMap((file) => {
    const reason = reasonAgainst(file, sources);
    return reason === undefined ? [] : [{ file, reason }];
  });
  const out = new Set(leftOut.map(({ file }) => file));
  const files = tests.filter((file) => !out.has(file));
  const needed = new Set<string>();
  for (const file of files) collect(file, sources, needed);
  const texts = new Map([...needed].map((file) => [file, (sources.get(file) as Source).text]));
  const packages = [...texts.values()].flatMap((text) =>
    [...text.matchAll(PACKAGE)].map(([, specifier]) => packageOf(specifier))
  ).filter((name) => name in config.imports);
  return { files, leftOut, packages: [...new Set(packages)], texts };
}

/** Writes the tests into a folder where the package is installed. */
export function writeSuite({ texts }: Suite, folder: string, needsLowering: boolean): void {
  cpSync(`${root}test/fixtures`, `${folder}test/fixtures`, { recursive: true });
  for (const [file, text] of texts) write(folder + file, text, needsLowering);
  for (const script of SCRIPTS) {
    write(folder + script, readFileSync(root + script, "utf8"), needsLowering);
  }
}

/** A file and what it imports or starts. */
function collect(file: string, sources: Map<string, Source>, needed: Set<string>): void {
  if (needed.has(file) || !sources.has(file)) return;
  needed.add(file);
  for (const next of sources.get(file)?.uses ?? []) collect(next, sources, needed);
}

function write(path: string, text: string, needsLowering: boolean): void {
  mkdirSync(dirname(path), { recursive: true });
  // Still under the name that others import; without types it is TypeScript, too.
  writeFileSync(path, needsLowering ? lowered(text) : text);
}

/** Why a test can't do without the sources, if it can't; it or what it imports or starts. */
function reasonAgainst(
  file: string,
  sources: Map<string, Source>,
  seen: Set<string> = new Set(),
): string | undefined {
  const source = sources.get(file);
  if (source === undefined || seen.has(file)) return undefined;
  seen.add(file);
  if (source.internal !== undefined) return source.internal;
  for (const next of source.uses) {
    const reason = reasonAgainst(next, sources, seen);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** One file of test/, with its imports rewritten. */
class Source {
  readonly text: string;
  /** Other files of test/ that it imports or starts. */
  readonly uses: string[] = [];
  /** What it needs of the sources and no subpath has. */
  internal: string | undefined;
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    this.text = readFileSync(root + file, "utf8")
      .replace(
        IMPORT,
        (all, _keyword, type, names, path) =>
          this.#replaced(all, path, type === undefined ? namesIn(names) : []),
      )
      .replace(DYNAMIC, (all, path) => this.#replaced(all, path, []))
      .replace(BESIDE, (all, path) => this.#beside(all, path));
  }

  #replaced(statement: string, path: string, names: string[]): string {
    const target = this.#resolve(path);
    if (target.startsWith("test/")) {
      this.uses.push(target);
      return statement;
    }
    if (SCRIPTS.includes(target)) return statement;
    const subpath = subpathOf(target, names);
    if (subpath === undefined) {
      this.internal ??= target;
      return statement;
    }
    return statement.replace(`"${path}"`, `"${specifier(subpath)}"`);
  }

  #beside(expression: string, path: string): string {
    const target = this.#resolve(path);
    if (target.startsWith("test/")) {
      this.uses.push(target);
      return expression;
    }
    const subpath = entries.find(({ source }) => source === target)?.subpath;
    if (subpath !== undefined) return `new URL(import.meta.resolve("${specifier(subpath)}")`;
    this.internal ??= target === "./" || target === "." ? "the project's folder" : target;
    return expression;
  }

  #resolve(path: string): string {
    return normalize(join(dirname(this.#file), path)).replaceAll("\\", "/");
  }
}

/** The names of an import that are there at run time; none for all. */
function namesIn(clause: string): string[] {
  const [, names] = /\{([^}]*)\}/.exec(clause) ?? [];
  if (names === undefined) return [];
  return names.split(",").map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "))
    .map((name) => name.split(/\s+as\s+/)[0]);
}

/** The subpath that exports these names of a source file, if there is one. */
function subpathOf(target: string, names: string[]): string | undefined {
  const entry = entries.find(({ source }) => source === target);
  if (entry !== undefined) return entry.subpath;
  return entries.find(({ source }) => {
    if (!existsSync(root + source)) return false;
    const text = readFileSync(root + source, "utf8");
    for (const [, clause, path] of text.matchAll(/export\s+(\*|\{[^}]*\})\s+from\s+"(\.[^"]+)"/g)) {
      if (normalize(join(dirname(source), path)).replaceAll("\\", "/") !== target) continue;
      if (clause === "*" || names.every((name) => namesIn(clause).includes(name))) return true;
    }
    return false;
  })?.subpath;
}

function specifier(subpath: string): string {
  return subpath === "." ? config.name : `${config.name}${subpath.slice(1)}`;
}
