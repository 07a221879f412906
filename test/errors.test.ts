/** Each module exports the errors that its functions throw, and no others; `./errors` has all. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import * as circular from "../src/circular/mod.ts";
import * as errors from "../src/errors.ts";
import * as events from "../src/events/mod.ts";
import * as ffi from "../ffi/mod.ts";
import * as log from "../mod.ts";
import * as nats from "../src/ship/carriers/nats/mod.ts";
import * as ring from "../src/ring/mod.ts";
import * as sinks from "../src/sinks/mod.ts";

const root = new URL("../", import.meta.url);

/** What a module exports, where it is, and the folder that it speaks for. */
const MODULES: [exported: object, file: string, folder: string][] = [
  [log, "mod.ts", "src/log/"],
  [ffi, "ffi/mod.ts", "ffi/"],
  [ring, "src/ring/mod.ts", "src/ring/"],
  [circular, "src/circular/mod.ts", "src/circular/"],
  [events, "src/events/mod.ts", "src/events/"],
  [nats, "src/ship/carriers/nats/mod.ts", "src/ship/"],
  [sinks, "src/sinks/mod.ts", "src/sinks/"],
];

const isError = (value: unknown): value is { name: string } =>
  value === errors.OuroborosError ||
  (typeof value === "function" && value.prototype instanceof errors.OuroborosError);

const classNames = (exported: object) =>
  new Set(Object.values(exported).filter(isError).map(({ name }) => name));

const ALL = classNames(errors);

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name]) => name).filter((name) => ALL.has(name));
}

/** The sources that `file` imports at run time, and those that these import. */
function reachable(file: URL, found: Map<string, string> = new Map()): Map<string, string> {
  if (found.has(file.href) || !file.pathname.endsWith(".ts")) return found;
  const source = readFileSync(file, "utf8");
  found.set(file.href, source);
  const imports =
    /^(?:import|export)\s(?!type\b)[^;]*?\sfrom\s+"(\.[^"]+)"|import\("(\.[^"]+)"\)/gm;
  for (const [, fixed, late] of source.matchAll(imports)) {
    reachable(new URL(fixed ?? late, file), found);
  }
  return found;
}

/** The carrier that a file belongs to, if any. */
const carrierOf = (path: string) => /carriers[\\/](\w+)/.exec(path)?.[1];

for (const [exported, file, folder] of MODULES) {
  const names = classNames(exported);

  test(`${file} exports no error that nothing in it throws`, () => {
    const sources = [...reachable(new URL(file, root)).values()].join("\n");
    const thrown = new Set(matches(sources, /\bnew (\w+)\(/g));
    const idle = [...names].filter((name) => name !== "OuroborosError" && !thrown.has(name));
    assert.deepEqual(idle, []);
  });

  test(`${file} exports each error that its documentation names`, () => {
    const sources = readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      // The errors of another carrier are its own.
      .filter((name) => [undefined, carrierOf(file)].includes(carrierOf(name)))
      .map((name) =>
        readFileSync(new URL(name.replaceAll("\\", "/"), new URL(folder, root)), "utf8")
      );
    const named = new Set(matches(sources.join("\n"), /@throws \{(\w+)\}/g));
    assert.deepEqual([...named].filter((name) => !names.has(name)), []);
  });
}

test("an error of one module is an error of every other", () => {
  for (const [exported] of MODULES) {
    for (const [name, value] of Object.entries(exported)) {
      if (isError(value)) assert.equal(value, (errors as Record<string, unknown>)[name]);
    }
  }
});
