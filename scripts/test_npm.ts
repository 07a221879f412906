/**
 * Builds the npm package, installs it in fresh folders, and tests it there: the README's and the guides' code,
 * the command, CommonJS and TypeScript consumers, bundlers; and on Node the project's own tests with the
 * package in place of the sources, as far as they need only what it exports.
 *
 * `deno task test:npm [RUNTIME…] [FILTER…]`: runtimes are node22, node24, node26, bun, deno (default: all
 * of them); a filter is a part of a test file's path (default: all). `TESTS=none` in the environment
 * leaves out the project's own tests, `TESTS=only` all else.
 */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { plainTopStep } from "./npm/command_step.ts";
import { buildPackage, folder as built, peers } from "./npm/package.ts";
import { nextStep } from "./npm/next_step.ts";
import { pnpStep, YARN } from "./npm/pnp_step.ts";
import { publicTests } from "./npm/public_tests.ts";
import { packagesOfSnippets, stepsOn, stepWithoutKoffi } from "./npm/stranger.ts";
import { TYPE_PACKAGES, typeSteps } from "./npm/types.ts";
import { freshFolder, type Step } from "./npm/workshop.ts";
import { finish, names, numbersOf, parseArguments, type Result, runTests } from "./run_tests.ts";
import { installedRuntimes, root, type Runtime } from "./runtimes.ts";

const SUITE_TIMEOUT = 900_000;
/** What runs on one runtime only if nothing is said: the same JavaScript as in the sources' own tests. */
const ONCE = /\/(cli|serve|records|model)\//;
/** What Bun and Deno run, which do not hand the package on to child processes. */
const IN_PROCESS =
  /\/(circular\/(fixtures|shared)|events|log|misuse|ring|sinks|conformance\/(cursor|follow|read_into))/;

if (spawnSync("npm", ["--version"], { shell: process.platform === "win32" }).status !== 0) {
  console.log("npm: skipped: there is no npm here");
  process.exit(0);
}

// Node 22 runs the package as others do.
process.argv.push("node22");
const all = installedRuntimes();
process.argv.pop();
const { wanted, filters } = parseArguments();
const tested = all.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const tarball = await buildPackage();

const results: Result[] = [];
if (process.env.TESTS !== "only") {
  results.push(
    await tryAll("types", typeSteps(freshFolder(tarball, [...peers(), ...TYPE_PACKAGES]))),
  );
  const folder = freshFolder(tarball, [...new Set([...peers(), ...packagesOfSnippets()]), YARN]);
  for (const runtime of tested) {
    const steps = stepsOn(runtime, folder);
    if (runtime.name.startsWith("node")) {
      steps.push(pnpStep(runtime, folder, tarball));
      if (process.platform === "linux") steps.push(nextStep(runtime, tarball));
    }
    results.push(await tryAll(runtime.title, steps));
  }
  const alone = freshFolder(tarball);
  const bare = freshFolder(tarball, [], "--omit=optional");
  // What BSD calls so knows no such options.
  const hasTerminal = spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0;
  for (const runtime of tested) {
    const steps = hasTerminal ? [plainTopStep(runtime, alone)] : [];
    if (runtime.name.startsWith("node")) steps.push(stepWithoutKoffi(runtime, bare));
    if (steps.length > 0) results.push(await tryAll(`${runtime.title}, nothing beside it`, steps));
  }
}
if (process.env.TESTS !== "none") {
  console.log("");
  for (const runtime of tested) results.push(await ownTestsOn(runtime));
}

console.log("");
for (const result of results) console.log(`${result.title.padEnd(28)} ${numbersOf(result)}`);
for (const name of wanted.length > 0 ? wanted : names) {
  if (!all.some((runtime) => runtime.name === name)) console.log(`${name}: not installed here`);
}
finish(results);

/** Does one after the other, and tells of each. */
async function tryAll(title: string, steps: readonly Step[]): Promise<Result> {
  console.log(`\n${title}`);
  const start = Date.now();
  const result: Result = { title, passed: 0, failed: 0, skipped: 0, seconds: 0 };
  for (const step of steps) {
    try {
      await step.run();
      result.passed++;
      console.log(`  ok      ${step.title}`);
    } catch (error) {
      result.failed++;
      console.log(`  FAILED  ${step.title}\n${(error as Error).message}`);
    }
  }
  result.seconds = (Date.now() - start) / 1000;
  return result;
}

async function ownTestsOn(runtime: Runtime): Promise<Result> {
  const { files, names } = publicTests(filters);
  const isNode = runtime.name.startsWith("node");
  const isReduced = wanted.length + filters.length === 0 && runtime.name !== "node26";
  const some = files.filter((file) =>
    !(isReduced && ONCE.test(file)) && (isNode || IN_PROCESS.test(file))
  );
  const packaged = Object.fromEntries(
    [...names].map(([source, name]) => [source, pathToFileURL(`${built}dist/${name}.js`).href]),
  );
  const hooks = (name: string) => new URL(`./${name}_hooks.ts`, import.meta.url);
  const env: Record<string, string> = { OUROBOROS_PACKAGED: JSON.stringify(packaged) };
  const more: string[] = [];
  if (runtime.name === "bun") more.push("--preload", fileURLToPath(hooks("bun")));
  else if (runtime.name === "deno") more.push("--import-map", importMap(packaged));
  else env.NODE_OPTIONS = `--import ${hooks("node").href}`;
  const result = await runTests({ ...runtime, test: [...runtime.test, ...more] }, some, {
    folder: root,
    env,
    timeout: SUITE_TIMEOUT,
  });
  return { ...result, title: `${result.title}, ${some.length} test files` };
}

/** For Deno, which maps URLs as well as names: a file with the package beside what deno.json maps. */
function importMap(packaged: Record<string, string>): string {
  const { imports } = JSON.parse(readFileSync(`${root}deno.json`, "utf8"));
  const path = `${root}dist/import_map.json`;
  writeFileSync(path, JSON.stringify({ imports: { ...imports, ...packaged } }));
  return path;
}
