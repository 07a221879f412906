/**
 * Makes a release: sets the version, dates the changelog, has the README install the package by its
 * name, checks and builds all, commits and tags. What goes over the network is printed at the end, for
 * a person to run.
 *
 * `deno task release VERSION [--dry-run] [--quick]`: `--dry-run` does all of it but the commit and
 * the tag, and leaves the files as they were; `--quick` leaves out the tests.
 */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { dated, mayFollow, released, withVersion } from "./release_texts.ts";
import { denoPath, root } from "./runtimes.ts";

/** In the order of how soon they fail. */
const CHECKS = ["check", "build:npm"];
const TESTS = ["test:doc", "test", "test:npm"];
const FILES = ["deno.json", "CHANGELOG.md", "README.md"];

const words = process.argv.slice(2);
const isDry = words.includes("--dry-run");
const [version, ...others] = words.filter((word) => !word.startsWith("--"));
const unknown = words.filter((word) => /^--(?!dry-run$|quick$)/.test(word));
if (version === undefined || others.length > 0 || unknown.length > 0) {
  console.error("usage: deno task release VERSION [--dry-run] [--quick]");
  process.exit(2);
}

const tag = `v${version}`;
const before = new Map(FILES.map((file) => [file, readFileSync(root + file, "utf8")]));
try {
  release();
} catch (error) {
  console.error(`release: ${(error as Error).message}`);
  process.exit(1);
}

function release(): void {
  const { name, version: current } = JSON.parse(before.get("deno.json") as string);
  if (!mayFollow(version, current)) throw new Error(`${version} does not come after ${current}`);
  const date = new Date().toISOString().slice(0, 10);
  const changed = new Map([
    ["deno.json", withVersion(before.get("deno.json") as string, version)],
    ["CHANGELOG.md", dated(before.get("CHANGELOG.md") as string, version, date)],
    ["README.md", released(before.get("README.md") as string, name)],
  ]);
  if (git("tag", "--list", tag) !== "") throw new Error(`the tag ${tag} is there`);
  if (!isDry && git("status", "--porcelain") !== "") {
    throw new Error("there are changes that are not committed");
  }
  let isDone = false;
  // Also after Ctrl-C in a test.
  process.once("SIGINT", () => process.exit(130));
  process.once("exit", () => {
    if (!isDone) write(before);
  });
  write(changed);
  for (const task of [...CHECKS, ...(words.includes("--quick") ? [] : TESTS)]) run(task);
  if (isDry) {
    console.log(`\nall is well; without --dry-run this would be committed and tagged as ${tag}`);
  } else {
    git("add", ...FILES);
    if (git("status", "--porcelain", "--untracked-files=no") !== "") {
      git("commit", "-m", `Release ${version}`);
    }
    isDone = true;
    git("tag", "--annotate", tag, "--message", `Release ${version}`);
    console.log(`\n${tag} is committed and tagged`);
  }
  console.log(`
What is left goes over the network, and was not tried: .github/workflows/release.yml publishes the tag.

  git push --follow-tags

Without it, and so without a provenance:

  npm publish --access public ./dist/${tarball()}
  deno publish`);
}

function write(texts: Map<string, string>): void {
  for (const [file, text] of texts) writeFileSync(root + file, text);
}

function run(task: string): void {
  console.log(`\ndeno task ${task}`);
  const { status, error } = spawnSync(denoPath, ["task", task], { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error(`deno task ${task} failed${error ? `: ${error.message}` : ""}`);
}

function git(...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`git ${args[0]} failed: ${error?.message ?? stderr}`);
  return stdout.trim();
}

/** As npm names it: `@a/b` becomes `a-b`. */
function tarball(): string {
  const { name } = JSON.parse(before.get("deno.json") as string);
  return `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
}
