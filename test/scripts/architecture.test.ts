/** Who imports whom: what ARCHITECTURE.md draws, and no circle anywhere. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import test from "node:test";

const root = new URL("../../", import.meta.url);
const IMPORT = /(?:^(?:import|export)\b[^"';]*?\bfrom\s+|^import\s+|\bimport\()"([^"]+)"/gm;

/** What each file imports: paths in the project, or names. */
const imports = new Map<string, string[]>();
for (const folder of ["ffi", "src"]) {
  for (const file of readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })) {
    if (file.endsWith(".ts")) add(`${folder}/${file.replaceAll("\\", "/")}`);
  }
}
add("mod.ts");

function add(path: string): void {
  // Examples in comments import the package by its name.
  const text = readFileSync(new URL(path, root), "utf8").replace(/^ *\*.*$/gm, "");
  imports.set(
    path,
    [...text.matchAll(IMPORT)].map(([, of]) =>
      of.startsWith(".") ? posix.join(posix.dirname(path), of) : of
    ),
  );
}

const STRUCTURES = ["log", "ring", "circular", "events"];

/** What files may import. */
const rules: [files: RegExp, mayImport: RegExp, what: string][] = [
  [/^src\/base\//, /^src\/base\//, "the ground imports nothing above it"],
  [
    /^ffi\//,
    /^(ffi\/|src\/base\/|src\/errors\.ts$|(?!src\/|mod\.ts))/,
    "ffi knows no structure",
  ],
  ...STRUCTURES.flatMap((name): [RegExp, RegExp, string][] => [
    [
      new RegExp(`^src/${name}/(?!native/|mod\\.ts)`),
      new RegExp(`^src/(${name}/(?!native/)|base/|\\w+\\.ts$)`),
      `${name} knows no runtime, no system call, and no other structure`,
    ],
    [
      new RegExp(`^src/${name}/(native/|mod\\.ts)`),
      new RegExp(`^(src/(${name}|base|compression|records)/|src/\\w+\\.ts$|ffi/|node:)`),
      `${name} on the system's memory knows no other structure`,
    ],
  ]),
  [
    /^src\/recorder\//,
    /^(src\/(recorder|records|sinks|log|base)\/|src\/\w+\.ts$|ffi\/|node:)/,
    "the recorder knows no network and no command",
  ],
  [
    /^src\/line\//,
    /^(src\/(line|log|base)\/|src\/\w+\.ts$|ffi\/|node:)/,
    "lines are made in a log, for whom is not known",
  ],
  [
    /^src\/sinks\//,
    /^src\/(sinks|line|log|records|base)\/|^src\/\w+\.ts$|^(?!src\/|mod\.ts)/,
    "sinks know no logger of ours, no recorder, no network and no command",
  ],
  [
    /^src\/logger\//,
    /^src\/(logger|sinks|line|log|base)\/|^src\/\w+\.ts$|^(?!src\/|mod\.ts)/,
    "the logger knows no recorder, no network and no command",
  ],
  [/^src\/compression\//, /^(src\/compression\/|node:)/, "compression knows no log"],
  [/^src\/records\//, /^(src\/(records\/|\w+\.ts$)|@lezer\/lr$)/, "records runs in browsers, too"],
  [
    /^src\/ship\/(?!carriers\/)/,
    /^(?!src\/ship\/carriers\/|src\/sinks\/|@|node:(net|tls|http|https|http2|dgram|dns)$)/,
    "ship knows no network: that is what carriers are for",
  ],
  [
    /^src\/(?!ship\/carriers\/nats\/)/,
    /^(?!@nats-io\/)/,
    "only its carrier knows the client of NATS",
  ],
  [
    /^(ffi|src\/(?!cli\/)|mod\.ts)/,
    /^(?!src\/cli\/)/,
    "nothing but the commands knows the commands",
  ],
];

for (const [files, mayImport, what] of rules) {
  test(`${what} (${files.source})`, () => {
    const some = [...imports].filter(([file]) => files.test(file));
    assert.notEqual(some.length, 0);
    assert.deepEqual(
      some.flatMap(([file, of]) =>
        of.filter((path) => !mayImport.test(path)).map((path) => `${file} → ${path}`)
      ),
      [],
    );
  });
}

test("no file imports itself by way of others", () => {
  const done = new Set<string>();
  const follow = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at >= 0) assert.fail(`circle: ${[...way.slice(at), file].join(" → ")}`);
    if (done.has(file)) return;
    for (const next of imports.get(file) ?? []) follow(next, [...way, file]);
    done.add(file);
  };
  for (const file of imports.keys()) follow(file, []);
  assert.ok(done.size > 200);
});
