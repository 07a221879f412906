/** Every example in the documentation runs, and prints what its comments say. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import test, { after } from "node:test";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

const root = new URL("../", import.meta.url);
const folder = mkdtempSync(`${tmpdir()}/ouroboros-docs-`);
after(() => rmSync(folder, { recursive: true }));

/** What users import, and where it is here. */
const exported: Record<string, string> = JSON.parse(
  readFileSync(new URL("deno.json", root), "utf8"),
).exports;

interface Example {
  place: string;
  code: string;
}

const files = [
  "README.md",
  "mod.ts",
  ...["src", "ffi"].flatMap((name) =>
    readdirSync(new URL(`${name}/`, root), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => `${name}/${file}`)
  ),
];
const examples = files.flatMap(examplesIn);

/** The ```ts blocks of a file, in Markdown or in doc comments. */
function examplesIn(file: string): Example[] {
  const found: Example[] = [];
  let code: string[] | undefined;
  for (const [index, line] of readFileSync(new URL(file, root), "utf8").split("\n").entries()) {
    const text = file.endsWith(".md") ? line : line.replace(/^\s*\* ?/, "");
    if (code === undefined && /^\s*```ts\b/.test(text)) {
      code = [];
      found.push({ place: `${file}:${index + 1}`, code: "" });
    } else if (code !== undefined && /^\s*```\s*$/.test(text)) {
      found[found.length - 1].code = code.join("\n");
      code = undefined;
    } else code?.push(text);
  }
  return found;
}

/** The example with our files for the package, and checks for what `console.log(…); // …` prints. */
function runnable({ code }: Example): string {
  return code
    .replace(/"@ouroboros\/log(\/\w+)?"/g, (_, path: string | undefined) => {
      const file = exported[`.${path ?? ""}`];
      assert.ok(file, `@ouroboros/log${path ?? ""} is exported`);
      return JSON.stringify(new URL(file, root).href);
    })
    // Packages are found from here, not from the folder of the examples.
    .replace(
      /^(import .* from |.*\bimport\()"(@?[a-z][\w/-]*)"/gm,
      (_, before: string, name: string) => before + JSON.stringify(import.meta.resolve(name)),
    )
    .replace(
      /console\.log\((.*)\); \/\/ (.*)$/gm,
      (_, what: string, expected: string) =>
        `globalThis.__prints(${JSON.stringify(expected)}, ${what});`,
    );
}

Object.assign(globalThis, {
  __prints(expected: string, ...values: unknown[]): void {
    assert.equal(format(...values), expected);
  },
});

test("there are examples", () => {
  assert.ok(examples.length > 20, `${examples.length} examples`);
});

for (const [index, example] of examples.entries()) {
  test(`the example at ${example.place} runs`, async () => {
    const file = `${folder}/example${index}.ts`;
    writeFileSync(file, runnable(example));
    const { log } = console;
    console.log = () => {};
    try {
      await import(pathToFileURL(file).href);
    } finally {
      console.log = log;
    }
  });
}
