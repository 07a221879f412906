/** Every example in the documentation runs, and prints what its comments say. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { createInterface } from "node:readline";
import test, { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format } from "node:util";
import { ShmLogReader, ShmLogWriter } from "../mod.ts";
import { SharedMemory } from "../ffi/mod.ts";
import { markdownFiles } from "../scripts/links.ts";
import { needsLettingGo, needsOwnPath, needsSignals } from "./support/platform.ts";
import { runtimeName, startChild, uniqueName } from "./support/runtime.ts";

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
  ...markdownFiles(fileURLToPath(root)),
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

test("every error code says what to do about it", () => {
  const text = readFileSync(new URL("src/errors.ts", root), "utf8");
  const codes = [...text.matchAll(/^ {2}\| "([A-Z_]+)"/gm)].map(([, code]) => code);
  const guide = readFileSync(new URL("src/guides/errors.md", root), "utf8");
  const told = [...guide.matchAll(/^- \*\*`([A-Z_]+)`\*\*/gm)].map(([, code]) => code);
  assert.ok(codes.length > 10);
  assert.deepEqual(told, codes);
});

test("the reader in Python reads what is written here", { skip: withoutPython() }, () => {
  const [{ code }] = examplesIn("src/guides/languages.md", "python");
  writeFileSync(`${folder}/reader.py`, code);
  const path = `${folder}/python.log`;
  // Some laps: chunks of this one, and of the one before.
  using writer = ShmLogWriter.create({ path }, { chunkSize: 1024, chunkCount: 4 });
  for (let i = 1; i <= 500; i++) writer.write(`entry ${i} ${"x".repeat(i % 50)}`);
  using reader = ShmLogReader.open({ path }, { strategy: "oldest" });
  const expected = [...reader].map(({ sequenceNumber, text }) => `${sequenceNumber} ${text}\n`);
  assert.ok(expected.length > 30);
  const { stdout, stderr } = spawnSync("python3", [`${folder}/reader.py`, path], {
    encoding: "utf8",
  });
  assert.equal(stdout.replaceAll("\r\n", "\n"), expected.join(""), stderr);
});

test("the follower in Python waits, follows to the next log, and leaves logs where they are", {
  skip: withoutPython() || (process.platform === "linux" ? false : "not Linux"),
}, async () => {
  // As the original's reader does: it maps the log, and the slash is Python's.
  mkdirSync(`${folder}/ouroboros_py`);
  writeFileSync(`${folder}/ouroboros_py/__init__.py`, "from .reader import Reader\n");
  writeFileSync(
    `${folder}/ouroboros_py/reader.py`,
    `import struct
from multiprocessing import shared_memory
class ReaderError(Exception): pass
class Entry:
    def __init__(self, data, number, row):
        self.data, self.sequence_number, self._row = data, number, row
    def is_valid(self): return self._row[:16] == self._row[16:]
class Reader:
    def __init__(self, name):
        self._shm = shared_memory.SharedMemory(name=name.lstrip("/"), create=False)
        if bytes(self._shm.buf[:8]) != b"GOLBORUO": raise ReaderError("no magic")
        self._at = struct.unpack_from("<Q", self._shm.buf, 16)[0] & 0xffffffff
        self._number = struct.unpack_from("<Q", self._shm.buf, 24)[0]
        self._row = bytes(self._shm.buf[16:32])
    def read_next_entry(self):
        header = struct.unpack_from("<I", self._shm.buf, self._at)[0]
        if header >> 31 == 0: return None
        data = bytes(self._shm.buf[self._at + 4:self._at + (header & 0x7fffffff)])
        self._at += len(data) + 7 & ~3
        self._number += 1
        return Entry(data, self._number, self._row + bytes(self._shm.buf[16:32]))
    def __enter__(self): return self
    def __exit__(self, *_): self._shm.close()
`,
  );
  const name = uniqueName("python");
  const [{ code }] = examplesIn("src/guides/languages.md", "py");
  writeFileSync(`${folder}/follower.py`, code.replaceAll("/app", name));
  const child = spawn("python3", [`${folder}/follower.py`]);
  const closed = once(child, "close");
  const limit = setTimeout(() => child.kill("SIGKILL"), 60_000);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value ?? `ended: ${stderr}`;
  const create = (texts: string[]) => {
    const size = { chunkSize: 1024, chunkCount: 4 } as const;
    const writer = ShmLogWriter.create(name, { ...size, ifExists: "replace" });
    writer.writeMany(texts);
    return writer;
  };
  try {
    // One that is there, one that takes its place, and one that comes after there was none.
    using first = create(["one", "zwei €"]);
    assert.deepEqual([await next(), await next()], ["1 one", "2 zwei €"]);
    first.write("three");
    assert.equal(await next(), "3 three");
    first.write("last words");
    first.close();
    {
      using _second = create(["another"]);
      assert.deepEqual([await next(), await next()], ["4 last words", "1 another"]);
    }
    SharedMemory.unlink(name);
    const third = create(["the third", "four"]);
    assert.deepEqual([await next(), await next()], ["1 the third", "2 four"]);
    third.close();
    // Made again in another size: with its entries, or with those for which there is room.
    {
      using larger = ShmLogWriter.create(name, { size: "64KiB", unlinkOnClose: false });
      larger.write("five");
      assert.equal(await next(), "3 five");
      for (let i = 4; i <= 100; i++) larger.write(String(i));
      for (let i = 4; i <= 100; i++) assert.equal(await next(), `${i} ${i}`);
    }
    assert.equal(stderr, "");
    {
      using smaller = ShmLogWriter.create(name, { size: "1KiB", unlinkOnClose: false });
      smaller.write("last");
      assert.equal(await next(), "101 last");
    }
    SharedMemory.unlink(name);
    using fifth = ShmLogWriter.create(name, { chunkSize: 256, chunkCount: 1 });
    for (let i = 1; i <= 70; i++) fifth.write(`${i}: ${"x".repeat(20)}`);
    assert.match(await next(), /^64 64: x+$/);
    while (!stderr.includes("\n") && child.exitCode === null) await delay(10);
    assert.equal(stderr, "63 entries are lost before entry 64\n");
    stderr = "";
    SharedMemory.unlink(name);
    // Nor is it removed where the reader finds it unusable.
    using _broken = SharedMemory.create(name, 4096);
    while (!stderr.includes("no magic") && child.exitCode === null) await delay(10);
    child.kill();
    await closed;
    assert.match(stderr, /^(no magic\n)+$/);
    assert.ok(SharedMemory.exists(name));
  } finally {
    clearTimeout(limit);
    child.kill("SIGKILL");
    await closed;
    SharedMemory.unlink(name);
  }
});

test("of a cluster the primary's log says how each worker ended, and theirs what led to it", {
  skip: needsSignals || needsOwnPath,
}, async () => {
  const [example] = examplesIn("src/guides/processes.md", "js");
  const name = uniqueName("cluster");
  const code = runnable(example).replaceAll("/app", name).replace(
    /^ *\/\/ The service\.$/m,
    `if (cluster.worker.id === 1) process.kill(process.pid, "SIGKILL");
    if (cluster.worker.id === 2) process.exit(3);
    if (cluster.worker.id === 3) throw new TypeError("boom");
    const primary = process.ppid; // on Deno a worker lives on
    setInterval(() => process.ppid === primary || process.exit(), 50);
    if (cluster.worker.id === 7) process.kill(process.ppid, "SIGKILL");`,
  );
  assert.match(code, /worker\.id === 7/);
  writeFileSync(`${folder}/cluster.ts`, code);
  try {
    await startChild(pathToFileURL(`${folder}/cluster.ts`), []).ended();
    const records = (log: string): Record<string, unknown>[] => {
      using reader = ShmLogReader.open(log, { strategy: "oldest" });
      return [...reader].map(({ text }) => JSON.parse(text));
    };
    const ends = records(`${name}.primary`).filter(({ msg }) => msg === "worker ended");
    const endOf = ({ code, signal }: Record<string, unknown>) => signal ?? code;
    assert.deepEqual(ends.map(endOf).sort(), [1, 3, "SIGKILL"]);
    const all = SharedMemory.list()
      .filter((log) => log.startsWith(`${name}.`) && log !== `${name}.primary`).flatMap(records);
    for (const end of ends) {
      const its = all.filter(({ pid }) => pid === end.worker);
      assert.equal(its[0].msg, "worker started");
      if (endOf(end) !== 1) continue;
      // On Deno an uncaught error is the last entry.
      const exit = runtimeName === "deno" ? undefined : its.pop();
      assert.match(JSON.stringify(its.at(-1)), /"level":60.*boom/);
      assert.equal(exit?.msg ?? "exit code 1", "exit code 1");
    }
  } finally {
    for (const log of SharedMemory.list()) {
      if (log.startsWith(`${name}.`)) SharedMemory.unlink(log);
    }
  }
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
  // A log that its writer has closed and removed.
  const skip = /onAbandoned: "end"/.test(example.code) && needsLettingGo;
  test(`the example at ${example.place} runs`, { skip }, async () => {
    const file = `${folder}/example${index}.ts`;
    writeFileSync(file, runnable(example));
    const { log } = console;
    console.log = () => {};
    try {
      await import(pathToFileURL(file).href);
    } finally {
      console.log = log;
      // A log stays when its writer is closed.
      const names = readFileSync(file, "utf8").matchAll(/"(\/[\w-]+)"/g);
      for (const [, name] of names) if (name.endsWith(`-${process.pid}`)) SharedMemory.unlink(name);
    }
  });
}
