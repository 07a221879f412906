/**
 * Runs the tests with Bun's build for musl, the C library of Alpine, and pairs it with the runtimes
 * for glibc, as containers do that share /dev/shm. There are no builds of Deno and Node for musl on npm.
 *
 * `deno task test --on musl [FILTER…]`, as of `deno task test`.
 */

import process from "node:process";
import { prepare } from "./workshop.ts";
import { finish, parseArguments, runFiles, testFiles } from "../run_tests.ts";
import { installedRuntimes, root } from "../runtimes.ts";

const bun = prepare();
if (typeof bun === "string") {
  console.log(`musl: skipped: ${bun}`);
  process.exit(0);
}

const { filters } = parseArguments();
const natives = installedRuntimes().filter(({ name }) => name !== "bun");
const paths = Object.fromEntries(natives.map(({ name, path }) => [name.toUpperCase(), path]));
const result = await runFiles(bun, testFiles(root, filters), {
  folder: root,
  // Its own path is that of the loader.
  env: { ...paths, BUN: bun.path, THIS_RUNTIME: bun.path },
});
finish([result]);
