/** What a user does first who has installed the package: the code of README and guides, and the command. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { SharedMemory } from "../../ffi/mod.ts";
import { markdownFiles } from "../links.ts";
import { runReadme } from "../readme.ts";
import { bundledProgram } from "./bundled_program.ts";
import { commandStep } from "./command_step.ts";
import { folder as built } from "./package.ts";
import { config, library } from "../project.ts";
import type { Runtime } from "../runtimes.ts";
import { threadStep } from "./thread_step.ts";
import { output, type Step } from "./workshop.ts";

interface Snippet {
  file: string;
  code: string;
}

/** The code in the README and in the guides. */
function snippets(): Snippet[] {
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
  return [...new Set(names)].filter((name) =>
    !name.startsWith("node:") && !name.startsWith(config.name)
  );
}

/** Runs a file in a folder with the package; gives what it printed. */
function run(runtime: Runtime, folder: string, file: string, env = {}): string {
  return output(runtime.path, [...runtime.run, file], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
}

/** All that is tried on one runtime, in a folder with the package and its peers. */
export function stepsOn(runtime: Runtime, folder: string): Step[] {
  const isNode = runtime.name.startsWith("node");
  const program = (title: string, file: string, text: string): Step => ({
    title,
    run() {
      writeFileSync(folder + file, text);
      // That of one which imports register, too.
      const log = `/ouroboros-program-${process.pid}`;
      try {
        run(runtime, folder, file, { OUROBOROS_LOG: log });
      } finally {
        SharedMemory.unlink(log);
      }
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
    program("a stack trace has the names of what is exported", "stack.mjs", STACK),
    ...(isNode ? [program("a stack trace leads to the sources", "sources.mjs", SOURCES)] : []),
    commandStep(runtime, folder),
    ...(isNode ? [threadStep(runtime, folder)] : []),
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
for (const end = performance.now() + 1000; bell !== undefined && performance.now() < end;) {
  bell.arm();
  await bell.sleep(1);
}
if (bell !== undefined) {
  assert.ok(bell.canSleep);
  bell.arm();
  setTimeout(() => bell.ring(), 100);
  await bell.sleep(600_000);
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
const until = async (isSo) => {
  for (let i = 0; !isSo(); i++) {
    assert.ok(i < 500 && sink.lastError === undefined, sink.lastError);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
let reader;
await until(() => {
  try {
    return reader = ShmLogReader.open(target + ".watch");
  } catch {
    return false;
  }
});
for (const end = performance.now() + 1000; performance.now() < end;);
assert.match(reader.read().text, /has been blocked for/);
reader.close();
sink.close();
`;

/** The page of the live view is compressed; whether it is all there only a look at it tells. */
const SERVE = `import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ShmLogWriter } from "${config.name}";
const name = "/ouroboros-serve-" + process.pid;
const writer = ShmLogWriter.create(name, { chunkSize: 65536, chunkCount: 16, unlinkOnClose: true });
writer.write("a line of the log");
const program = fileURLToPath(import.meta.resolve("${config.name}/cli"));
const before = "Deno" in globalThis ? ["run", "-A"] : [];
const server = spawn(process.execPath, [...before, program, "serve", name, "--port", "0"], {
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  const [address] = await Promise.race([
    once(server.stdout.setEncoding("utf8"), "data"),
    once(server, "exit").then(([code]) => Promise.reject(new Error("serve ended with " + code))),
  ]);
  const url = new URL(address.trim());
  const page = await (await fetch(url)).text();
  for (const part of ["<title>ouroboros</title>", "<script", "EventSource", ".uplot", "</html>"]) {
    assert.ok(page.includes(part), part);
  }
  url.pathname = "/events";
  let text = "";
  for await (const part of (await fetch(url)).body.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("a line of the log")) break;
  }
  assert.match(text, /event: entries\\ndata: .*a line of the log/);
} finally {
  server.kill("SIGKILL");
  writer.close();
}
`;

/** Of an error that was thrown deep inside. */
const STACK = `import assert from "node:assert/strict";
import { segmentSize, ShmLogReader, Writer } from "${config.name}";
const stackOf = (fails) => {
  try {
    fails();
  } catch (error) {
    return error.stack;
  }
};
assert.match(stackOf(() => segmentSize(-1, 0)), /^ +at .*segmentSize/m);
assert.match(stackOf(() => Writer.create(new ArrayBuffer(8))), /^ +at .*create/m);
assert.match(stackOf(() => ShmLogReader.open("/ouroboros-none")), /^ +at .*open/m);
`;

const SOURCES = `import assert from "node:assert/strict";
process.setSourceMapsEnabled(true);
const { ShmLogReader } = await import("${config.name}");
assert.throws(
  () => ShmLogReader.open("/ouroboros-none"),
  ({ stack }) => stack.replaceAll("\\\\", "/").includes("/${config.name}/src/log/native/shm_log_reader.ts:"),
);
`;

const COMMON_JS = `const assert = require("node:assert/strict");
const { OuroborosError, ShmLogWriter, ShmLogReader } = require("${config.name}");
const { SharedMemory } = require("${config.name}/ffi");
assert.throws(() => SharedMemory.open("/ouroboros-none"), OuroborosError);
const name = "/ouroboros-cjs-" + process.pid;
const writer = ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 65536, chunkCount: 16 });
writer.write("hello");
const reader = ShmLogReader.open(name);
assert.equal(reader.read().text, "hello");
reader.close();
writer.close();
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
