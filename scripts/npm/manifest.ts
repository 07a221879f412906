/** The package.json of the npm package, out of deno.json and what was built. */

import type { Bundle } from "./bundle.ts";
import { OPTIONAL, peerRange } from "./dependencies.ts";
import { CLI, config, entries, versionOf } from "./project.ts";

/** The oldest Node that the package says it runs on; the tests run on a Node 22 of later. */
const NODE = ">=22.18.0";

/** package.json as an object. */
export function manifest({ imported, workers }: Bundle): Record<string, unknown> {
  const peers = [...imported].filter((name) => !OPTIONAL.includes(name)).sort();
  return {
    name: config.name,
    version: config.version,
    description: "A flight recorder for Deno, Bun and Node: a rotating log in shared memory, " +
      "one writer, many readers, no system call per entry",
    keywords: ["log", "logging", "shared-memory", "mmap", "ipc", "ring-buffer", "flight-recorder"],
    license: config.license,
    type: "module",
    engines: { node: NODE, bun: ">=1.4.5", deno: ">=2.9.0" },
    sideEffects: ["./dist/cli.js", ...workers.map((name) => `./dist/${name}.js`)],
    exports: {
      // No condition asks how it is loaded: require() gives the same ES modules as import.
      ...Object.fromEntries(
        entries.map(({ subpath, name }) => [subpath, {
          types: `./dist/types/${name}.d.ts`,
          default: `./dist/${name}.js`,
        }]),
      ),
      "./package.json": "./package.json",
    },
    // For tools that know no exports.
    main: "./dist/mod.js",
    types: "./dist/types/mod.d.ts",
    bin: entries.some(({ subpath }) => subpath === CLI) ? { ouroboros: "dist/cli.js" } : undefined,
    files: ["dist", "THIRD_PARTY.md"],
    optionalDependencies: Object.fromEntries(
      OPTIONAL.map((name) => [name, `^${versionOf(name)}`]),
    ),
    ...(peers.length > 0 && {
      peerDependencies: Object.fromEntries(peers.map((name) => [name, peerRange(name)])),
      peerDependenciesMeta: Object.fromEntries(peers.map((name) => [name, { optional: true }])),
    }),
  };
}
