/** The program of the guide that forwards to a collector, as a process. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ShmLogWriter } from "../../../mod.ts";
import { testFolder } from "../../support/folder.ts";
import { OtlpCollector } from "../../support/otlp_collector.ts";
import { runtimeName, thisRuntime, uniqueName } from "../../support/runtime.ts";

const root = new URL("../../../", import.meta.url);

const folder = testFolder("otlp-guide");

test("the guide's forwarder to a collector, as a process, sends what is written", async () => {
  await using collector = await OtlpCollector.start();
  using log = ShmLogWriter.create(uniqueName("guide"), { unlinkOnClose: true, size: "256KiB" });
  log.writeMany(["one", "two"]);
  const guide = readFileSync(new URL("src/guides/machines.md", root), "utf8");
  const programs = [...guide.matchAll(/^```typescript\n([^]*?)^```/gm)].map(([, code]) => code)
    .filter((code) => code.includes("@ouroboros/log/otlp"));
  assert.equal(programs.length, 1);
  const stand: [string, string][] = [
    ["@ouroboros/log/otlp", new URL("src/ship/carriers/otlp/mod.ts", root).href],
    ["@ouroboros/log", new URL("mod.ts", root).href],
    ["http://127.0.0.1:4318", collector.url],
    ["/app", log.name],
    ["/var/lib/app/otlp.state", join(folder, "otlp.state")],
  ];
  const file = join(folder, "program.ts");
  writeFileSync(
    file,
    stand.reduce((text, [said, here]) => {
      assert.ok(text.includes(`"${said}"`), said);
      return text.replace(`"${said}"`, JSON.stringify(here));
    }, programs[0]),
  );
  // Outside of the project Deno does not find its packages by itself.
  const config = runtimeName === "deno"
    ? ["--config", fileURLToPath(new URL("deno.json", root))]
    : [];
  const child = spawn(thisRuntime.path, [...thisRuntime.run, ...config, file], {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  try {
    while (collector.records.length < 2 && child.exitCode === null) await sleep(10);
    assert.deepEqual(collector.records.map(({ body }) => body), ["one", "two"]);
    assert.deepEqual(collector.complaints, []);
  } finally {
    child.kill("SIGKILL");
  }
});
