/** What is said where the packages that a carrier needs are not installed. */

import assert from "node:assert/strict";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import test from "node:test";
import { testFolder } from "../support/folder.ts";
import { runScript, runtimeName } from "../support/runtime.ts";

// The sources without their packages.
const folder = testFolder("missing");
for (const part of ["src", "ffi", "mod.ts"]) {
  const from = fileURLToPath(new URL(`../../${part}`, import.meta.url));
  cpSync(from, join(folder, part), { recursive: true });
}
const script = join(folder, "script.ts");
writeFileSync(
  script,
  `const [path, name, argument] = process.argv.slice(2);
   const module = await import(path);
   try {
     await module[name](argument);
     console.log("no error");
   } catch ({ code, message }) {
     console.log(code + ": " + message);
   }`.replace("process.argv", '(await import("node:process")).default.argv'),
);

for (
  const [path, name, argument, expected] of [
    [
      "otlp/encoder.ts",
      "otlpEncoder",
      "http/protobuf",
      "PACKAGE_MISSING: OTLP in protobuf needs the package @opentelemetry/otlp-transformer " +
      "(npm install @opentelemetry/otlp-transformer @opentelemetry/api); " +
      'the protocol "http/json" needs none',
    ],
    ["otlp/encoder.ts", "otlpEncoder", "http/json", "no error"],
    [
      "nats/client.ts",
      "transportPackage",
      "",
      "PACKAGE_MISSING: NATS needs the packages @nats-io/transport-node and @nats-io/jetstream " +
      "(npm install @nats-io/transport-node @nats-io/jetstream)",
    ],
  ]
) {
  test(`without its package ${name}(${JSON.stringify(argument)}) says what to install`, () => {
    const module = pathToFileURL(join(folder, "src/ship/carriers", path)).href;
    const flags = runtimeName === "deno"
      ? ["-A", "--no-config", "--no-remote"]
      : runtimeName === "bun"
      ? ["--no-install"]
      : [];
    const { stdout, stderr } = runScript(pathToFileURL(script), [module, name, argument], {
      flags,
    });
    assert.equal(stdout.trim(), expected, stderr);
  });
}
