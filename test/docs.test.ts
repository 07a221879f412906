/** Every example in the documentation runs, and prints what its comments say. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import test, { after } from "node:test";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { ShmLogReader, ShmLogWriter } from "../mod.ts";
import { uniqueName } from "./support/runtime.ts";

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
      .map((file) => `${name}/${file.replaceAll("\\", "/")}`)
  ),
];
const examples = files.flatMap((file) => examplesIn(file));

/** The blocks of a file that are of a language, in Markdown or in doc comments. */
function examplesIn(file: string, language: string = "ts"): Example[] {
  const begin = new RegExp(`^\\s*\`\`\`${language}\\b`);
  const found: Example[] = [];
  let code: string[] | undefined;
  for (const [index, line] of readFileSync(new URL(file, root), "utf8").split("\n").entries()) {
    const text = file.endsWith(".md") ? line : line.replace(/^\s*\* ?/, "");
    if (code === undefined && begin.test(text)) {
      code = [];
      found.push({ place: `${file}:${index + 1}`, code: "" });
    } else if (code !== undefined && /^\s*```\s*$/.test(text)) {
      found[found.length - 1].code = code.join("\n");
      code = undefined;
    } else code?.push(text);
  }
  return found;
}

/**
 * The example with our files for the package, with names of its own, and checks for what
 * `console.log(…); // …` prints.
 */
function runnable({ code }: Example): string {
  return code
    // Another runtime may run the same example at this moment.
    .replace(/"(\/?(?:doc|readme)\b[\w-]*)"/g, (_, name: string) => `"${name}-${process.pid}"`)
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

test("every error code is told what to do about", () => {
  const text = readFileSync(new URL("src/errors.ts", root), "utf8");
  const codes = [...text.matchAll(/^ {2}\| "([A-Z_]+)"/gm)].map(([, code]) => code);
  const told = [...text.matchAll(/^ \* - \*\*`([A-Z_]+)`\*\*/gm)].map(([, code]) => code);
  assert.ok(codes.length > 10);
  assert.deepEqual(told, codes);
});

test("the reader in Python reads what is written here", { skip: withoutPython() }, () => {
  const [{ code }] = examplesIn("mod.ts", "python");
  writeFileSync(`${folder}/reader.py`, code);
  const path = `${folder}/python.log`;
  // Some laps: chunks of this one, and of the one before.
  using writer = ShmLogWriter.create({ path }, { chunkSize: 1024, chunkCount: 4 });
  for (let i = 1; i <= 500; i++) writer.write(`entry ${i} ${"x".repeat(i % 50)}`);
  using reader = ShmLogReader.open({ path }, { strategy: "lowest" });
  const expected = [...reader].map(({ sequenceNumber, text }) => `${sequenceNumber} ${text}\n`);
  assert.ok(expected.length > 30);
  const { stdout, stderr } = spawnSync("python3", [`${folder}/reader.py`, path], {
    encoding: "utf8",
  });
  assert.equal(stdout.replaceAll("\r\n", "\n"), expected.join(""), stderr);
});

test("the original's reader in Python, used as we say, leaves the log where it is", {
  skip: withoutPython() || (process.platform === "linux" ? false : "not Linux"),
}, () => {
  // What its reader has to do with the system, which is all that this is about.
  writeFileSync(
    `${folder}/ouroboros_py.py`,
    `from multiprocessing import shared_memory
class Reader:
    def __init__(self, name):
        self._shm = shared_memory.SharedMemory(name=name, create=False)
        self._buffer = bytes(self._shm.buf)
    def __enter__(self): return self
    def __exit__(self, *_): self._shm.close()
    def __iter__(self): return iter([self._buffer[:8]])
`,
  );
  const name = uniqueName("python");
  using writer = ShmLogWriter.create(name, { chunkSize: 1024, chunkCount: 4 });
  const [{ code }] = examplesIn("mod.ts", "py");
  writeFileSync(`${folder}/original.py`, code.replaceAll("app", writer.name.slice(1)));
  const { stdout, stderr } = spawnSync("python3", [`${folder}/original.py`], { encoding: "utf8" });
  assert.equal(stdout, "GOLBORUO\n");
  assert.equal(stderr, "");
  ShmLogReader.open(name).close();
});

function withoutPython(): string | false {
  return spawnSync("python3", ["--version"]).status === 0 ? false : "there is no python3";
}

test("there are examples", () => {
  assert.ok(examples.length > 20, `${examples.length} examples`);
});

test("no example has the name of a log that another runtime has at the same time", () => {
  const NAME = /(?:create|open|waitFor)\("(\/?[\w-]+)"|target: "(\/[\w-]+)"/g;
  const names = examples.flatMap((example) =>
    [...runnable(example).matchAll(NAME)].map(([, first, second]) => first ?? second)
  ).filter((name) => name !== "/no-such-log");
  assert.ok(names.length > 20, `${names.length} names`);
  for (const name of names) assert.ok(name.endsWith(`-${process.pid}`), name);
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
