/**
 * Runs all that this machine can run in a quarter of an hour or so: `deno task ok`. What takes longer,
 * or wants more than is here, it names.
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { root } from "./runtimes.ts";

interface Task {
  name: string;
  env?: Record<string, string>;
}

const TASKS: Task[] = [
  { name: "check" },
  { name: "test", env: { ROUNDS: "all" } },
  { name: "demo" },
  { name: "model" },
  // The package as a stranger meets it; its own tests run under `test`, from the sources.
  { name: "test:npm", env: { TESTS: "none" } },
];

const NOT_HERE: [task: string, reason: string][] = [
  ["test:npm", "the project's own tests against the package take ten minutes"],
  ["test --on musl", "the whole suite once more; wants Debian's packages for musl"],
  ["test --on arm64", "an emulator takes half an hour; wants qemu-user-static"],
  ["test --on windows", "Wine takes three quarters of an hour; wants wine64"],
  ["torture --minutes 10", "as long as one likes; five seconds of it are a part of test"],
  ["bench", "figures want a machine that does nothing else"],
];

const results = TASKS.map(({ name, env }) => {
  console.log(`\n> deno task ${name}`);
  const start = Date.now();
  const { status } = spawnSync(process.execPath, ["task", "--quiet", name], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return { name, isOk: status === 0, seconds: (Date.now() - start) / 1000 };
});

console.log("");
for (const { name, isOk, seconds } of results) {
  console.log(`${isOk ? "ok    " : "FAILED"} ${name}, ${seconds.toFixed(0)} s`);
}
for (const [task, reason] of NOT_HERE) console.log(`not run: deno task ${task}: ${reason}`);
process.exit(results.every(({ isOk }) => isOk) ? 0 : 1);
