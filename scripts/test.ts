/**
 * Runs the tests: here, or as another system that this machine can emulate.
 *
 * `deno task test [--on arm64|musl|windows] [RUNTIME…] [FILTER…]`
 */

import process from "node:process";

const SYSTEMS: Record<string, () => Promise<unknown>> = {
  arm64: () => import("./arm64/main.ts"),
  musl: () => import("./musl/main.ts"),
  windows: () => import("./windows/main.ts"),
};

const at = process.argv.indexOf("--on");
const [, system] = at < 0 ? [] : process.argv.splice(at, 2);
if (at >= 0 && SYSTEMS[system] === undefined) {
  console.error(`--on "${system}": one of ${Object.keys(SYSTEMS).join(", ")} is expected`);
  process.exit(2);
}
await (system === undefined ? import("./test_here.ts") : SYSTEMS[system]());
