/** The package.json of the npm package, out of deno.json and what was built. */

import process from "node:process";
import { type Bundle, DEPENDENCIES, OPTIONAL } from "./bundle.ts";
import { DOCUMENTS } from "../links.ts";
import { config, entries, versionOf } from "../project.ts";

/** package.json as an object. */
export function manifest({ imported }: Bundle): Record<string, unknown> {
  const comesWithIt = [...OPTIONAL, ...DEPENDENCIES];
  const peers = [...imported].filter((name) => !comesWithIt.includes(name)).sort();
  return {
    name: config.name,
    version: config.version,
    description: "A flight recorder for Deno, Bun and Node: a rotating log in shared memory, " +
      "one writer, many readers, no system call per entry",
    keywords: ["log", "logging", "shared-memory", "mmap", "ipc", "ring-buffer", "flight-recorder"],
    license: config.license,
    ...repository(),
    type: "module",
    // The oldest ones that it is tested on.
    engines: { node: ">=22.18.0", bun: ">=1.4.5", deno: ">=2.9.0" },
    sideEffects: ["./dist/cli.js"],
    exports: {
      // No condition asks how it is loaded: require() gives the same ES modules as import.
      ...Object.fromEntries(
        entries.map(({ subpath, name }) => [subpath, {
          types: `./dist/${name}.d.ts`,
          default: `./dist/${name}.js`,
        }]),
      ),
      "./package.json": "./package.json",
    },
    // For tools that know no exports.
    main: "./dist/mod.js",
    types: "./dist/mod.d.ts",
    bin: { ouroboros: "dist/cli.js" },
    files: ["dist", "THIRD_PARTY.md", ...DOCUMENTS],
    dependencies: ranges(DEPENDENCIES),
    optionalDependencies: ranges(OPTIONAL),
    peerDependencies: Object.fromEntries(peers.map((name) => [name, peerRange(name)])),
    peerDependenciesMeta: Object.fromEntries(peers.map((name) => [name, { optional: true }])),
  };
}

/**
 * Where it is built on GitHub, which npm demands of a package with a provenance, and where to report bugs,
 * to which SECURITY.md leads.
 */
function repository(): Record<string, unknown> {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
  if (GITHUB_SERVER_URL === undefined || GITHUB_REPOSITORY === undefined) return {};
  const address = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`;
  return {
    repository: { type: "git", url: `git+${address}.git` },
    bugs: { url: `${address}/issues` },
  };
}

function ranges(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `^${versionOf(name)}`]));
}

/** The range of versions for a peer: the API of one major version, from the tested one on down. */
function peerRange(name: string): string {
  const [major, minor] = versionOf(name).split(".");
  return major === "0" ? `^0.${minor}.0` : `^${major}.0.0`;
}
