/** What a user does first who has installed the package: the code of README and guides, and the command. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { SharedMemory } from "../../ffi/mod.ts";
import { OWN_THREAD } from "../../src/cli/process/own_thread.ts";
import { markdownFiles } from "../links.ts";
import { runReadme } from "../readme.ts";
import { bundledProgram } from "./bundled_program.ts";
import { commandStep } from "./command_step.ts";
import { folder as built } from "./package.ts";
import { config, library } from "../project.ts";
import type { Runtime } from "../runtimes.ts";
import { output, type Step } from "./workshop.ts";

/** The code in the README and in the guides. */
function snippets(): { file: string; code: string }[] {
  return markdownFiles(built).flatMap((file) =>
    [...readFileSync(built + file, "utf8").matchAll(/^```ts\n(.*?)^```$/gms)]
      .map(([, code]) => ({ file, code }))
  );
}

/** The packages that this code imports beside ours. */
export function packagesOfSnippets(): string[] {
  const names = snippets().flatMap(({ code }) =>
    [...code.matchAll(/from "([^".][^"]*)"/g)].map(([, name]) => name)
  );
  return names.filter((name) => !name.startsWith("node:") && !name.startsWith(config.name));
}

/** Runs a file in a folder with the package; gives what it printed. */
function run(runtime: Runtime, folder: string, file: string, env = {}): string {
  // One which imports `register`, too, has a log.
  const more = { NO_COLOR: "1", OUROBOROS_LOG: `${folder}program.log`, ...env };
  return output(runtime.path, [...runtime.run, file], {
    cwd: folder,
    env: { ...process.env, ...more },
  });
}

/** All that is tried on one runtime, in a folder with the package and its peers. */
export function stepsOn(runtime: Runtime, folder: string): Step[] {
  const isNode = runtime.name.startsWith("node");
  const program = (title: string, file: string, text: string): Step => ({
    title,
    run() {
      writeFileSync(folder + file, text);
      run(runtime, folder, file);
    },
  });
  return [
    {
      title: "the README's writer and reader, and a kill -9 of the writer",
      async run() {
        const log = `/ouroboros-readme-${process.pid}-${runtime.name}`;
        const readme = readFileSync(`${built}README.md`, "utf8");
        try {
          await runReadme(readme, runtime, folder, { log });
        } finally {
          SharedMemory.unlink(log);
        }
      },
    },
    ...snippets().map(({ file, code }, index) => ({
      title: `the code in ${file} (${index + 1})`,
      run() {
        writeFileSync(`${folder}readme${index}.ts`, code);
        const printed = onOneLine(run(runtime, folder, `readme${index}.ts`));
        for (const [, line] of code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)) {
          if (!printed.includes(onOneLine(line))) throw new Error(`"${line}" is not in ${printed}`);
        }
      },
    })),
    program("import of all subpaths: one class of errors for all", "consumer.mjs", CONSUMER),
    program("the thread that sleeps for followers starts", "sleeper.mjs", SLEEPER),
    program("the thread that watches the main one starts", "watchdog.mjs", WATCHDOG),
    program("require() of all subpaths: the same objects as import", "consumer.cjs", COMMON_JS),
    ...(["cjs", "esm"] as const).map((format) => ({
      title: `bundled with the program that uses it (${format})`,
      run: () => assert.equal(run(runtime, folder, bundledProgram(folder, format)), "hello\n"),
    })),
    program("ouroboros serve: the page, and an entry on it", "serve.mjs", SERVE),
    ...(isNode ? [program("a stack trace leads to the sources", "sources.mjs", SOURCES)] : []),
    program("the thread that makes lines starts", "lines.mjs", LINES),
    commandStep(runtime, folder),
  ];
}

/** Runtimes print objects on one line or on many. */
function onOneLine(text: string): string {
  return ` ${text.trim().replace(/\s+/g, " ").replaceAll(", }", " }")} `;
}

const LIBRARY = library.map(({ subpath }) => config.name + subpath.slice(1));

const CONSUMER = `import assert from "node:assert/strict";
import { OuroborosError, ShmLogReader } from "${config.name}";
import { SharedMemory } from "${config.name}/ffi";
import { MemMapRingBuffer } from "${config.name}/ring";
for (const exports of await Promise.all(${JSON.stringify(LIBRARY)}.map((path) => import(path)))) {
  assert.ok(Object.keys(exports).length > 0);
  for (const [name, value] of Object.entries(exports)) {
    // A bundler gives other names to what is called the same.
    if (typeof value === "function" && name !== "default") assert.equal(value.name, name);
  }
}
for (
  const fails of [
    () => SharedMemory.open("/ouroboros-none"),
    () => ShmLogReader.open("/ouroboros-none"),
    () => MemMapRingBuffer.open("/ouroboros/none"),
  ]
) assert.throws(fails, (error) => error instanceof OuroborosError && /^[A-Z]/.test(error.constructor.name));
`;

/** Where it does not start, following works as well, but later: so other tests would not tell. */
const SLEEPER = `import assert from "node:assert/strict";
import { Doorbell, SharedMemory } from "${config.name}/ffi";
const name = "/ouroboros-sleeper-" + process.pid;
const memory = SharedMemory.create(name, 5000);
const bell = Doorbell.of(memory);
SharedMemory.unlink(name);
if (bell !== undefined) {
  // Until the thread is there, sleeps are short.
  for (const end = performance.now() + 1000; performance.now() < end; await bell.sleep(1)) bell.arm();
  bell.arm();
  setTimeout(() => bell.ring(), 100);
  await bell.sleep(600_000);
  assert.ok(bell.canSleep);
  bell.close();
}
memory.close();
`;

/** Its file is found from others in the package only. */
const WATCHDOG = `import assert from "node:assert/strict";
import { ShmLogReader } from "${config.name}";
import { EntrySink } from "${config.name}/sinks";
const target = "/ouroboros-watchdog-" + process.pid;
const sink = new EntrySink({ target, size: "64KiB", unlinkOnClose: true, watchdog: "200ms" });
const reader = await ShmLogReader.waitFor(target + ".watch");
for (const end = performance.now() + 1000; performance.now() < end;);
assert.match(reader.read().text, /has been blocked for/);
reader.close();
sink.close();
`;

/** Nothing else would tell: where it does not start, the command makes all lines itself. */
const LINES = `import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
const dist = new URL(".", import.meta.resolve("${config.name}/cli"));
const files = readdirSync(dist).filter((name) => name.endsWith(".js"));
const code = files.map((name) => readFileSync(new URL(name, dist), "utf8")).join("");
const [, file] = /import\\("(\\.\\/entry_thread[^"]*)"\\)/.exec(code);
const workerData = ${JSON.stringify({ ...OWN_THREAD, format: "json" })};
const worker = new Worker(new URL(file, dist), { workerData });
assert.deepEqual(await once(worker, "message"), ["ready"]);
await worker.terminate();
`;

/** The page of the live view is compressed; whether it is all there only a look at it tells. */
const SERVE = `import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ShmLogWriter } from "${config.name}";
const name = "/ouroboros-serve-" + process.pid;
const writer = ShmLogWriter.create(name, { size: "1MiB", unlinkOnClose: true });
writer.write("a line of the log");
const program = fileURLToPath(import.meta.resolve("${config.name}/cli"));
const before = "Deno" in globalThis ? ["run", "-A"] : [];
const server = spawn(process.execPath, [...before, program, "serve", name, "--port", "0"], {
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  const [address] = await Promise.race([once(server.stdout, "data"), once(server, "exit")]);
  const url = new URL(String(address).trim());
  const page = await (await fetch(url)).text();
  for (const part of ["<title>ouroboros</title>", "<script", "EventSource", ".uplot", "</html>"]) {
    assert.ok(page.includes(part), part);
  }
  url.pathname = "/events";
  let text = "";
  for await (const part of (await fetch(url)).body.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (/event: entries\\ndata: .*a line of the log/.test(text)) break;
  }
} finally {
  server.kill("SIGKILL");
  writer.close();
}
`;

const SOURCES = `import assert from "node:assert/strict";
process.setSourceMapsEnabled(true);
const { ShmLogReader } = await import("${config.name}");
assert.throws(
  () => ShmLogReader.open("/ouroboros-none"),
  ({ stack }) => /^ +at .*open.*@ouroboros.log.src.log.native.shm_log_reader.ts:/m.test(stack),
);
`;

const COMMON_JS = `const assert = require("node:assert/strict");
(async () => {
  for (const path of ${JSON.stringify(LIBRARY)}) {
    const [required, imported] = [require(path), await import(path)];
    for (const name of Object.keys(imported)) assert.equal(required[name], imported[name], name);
  }
})();
`;

const WITHOUT_KOFFI = `import assert from "node:assert/strict";
import { NativeUnavailableError, Reader, ShmLogReader, Writer } from "${config.name}";
const memory = new SharedArrayBuffer(1 << 20);
Writer.create(memory, { chunkCount: 4 }).write("hello");
assert.equal(new Reader(memory).read().text, "hello");
assert.throws(
  () => ShmLogReader.open("/ouroboros-none"),
  (error) => error instanceof NativeUnavailableError && /npm install koffi/.test(error.message),
);
`;

/** What works, and what is said, without koffi, on a Node that needs it. */
export function stepWithoutKoffi(runtime: Runtime, folder: string): Step {
  writeFileSync(`${folder}without.mjs`, WITHOUT_KOFFI);
  return {
    title: "without koffi: logs on any memory work, and an error says what to install",
    run: () => void run(runtime, folder, "without.mjs", { OUROBOROS_FFI: "koffi" }),
  };
}
