/** The two programs of the guide "Many machines", against a real server. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ShmLogWriter } from "../../../mod.ts";
import { NatsServer, natsTest } from "../../support/nats_server.ts";
import { runtimeName, thisRuntime, uniqueName } from "../../support/runtime.ts";

const root = new URL("../../../", import.meta.url);

natsTest("the guide's forwarder and receiver, as processes, pass on what is written", async () => {
  await using server = await NatsServer.start();
  using log = ShmLogWriter.create(uniqueName("guide"), { unlinkOnClose: true, size: "256KiB" });
  log.writeMany(["one", "two"]);
  const guide = readFileSync(new URL("src/guides/machines.md", root), "utf8");
  const programs = [...guide.matchAll(/^```typescript\n([^]*?)^```/gm)].map(([, code]) => code)
    .filter((code) => code.includes("@ouroboros/log/nats"));
  assert.equal(programs.length, 2);
  const stand: [string, string][] = [
    ["@ouroboros/log/nats", new URL("src/ship/carriers/nats/mod.ts", root).href],
    ["@ouroboros/log", new URL("mod.ts", root).href],
    ["nats://10.0.0.7:4222", server.url],
    ["/app", log.name],
    ["/var/lib/app/forward.state", `${server.folder}/forward.state`],
  ];
  const files = programs.map((code, index) => {
    const file = `${server.folder}/program${index}.ts`;
    const text = stand.reduce(
      (text, [said, here]) => text.replace(`"${said}"`, `"${here}"`),
      code,
    );
    // A server for tests has no 50 GiB, and a test no ten seconds.
    writeFileSync(file, text.replace("50 * 2 ** 30", "2 ** 20").replace("10_000", "100"));
    return file;
  });
  const started: ChildProcess[] = [];
  const start = (file: string) => {
    // Outside of the project Deno does not find its packages by itself.
    const config = runtimeName === "deno"
      ? ["--config", fileURLToPath(new URL("deno.json", root))]
      : [];
    const child = spawn(thisRuntime.path, [...thisRuntime.run, ...config, file], {
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 60_000,
      killSignal: "SIGKILL",
    });
    started.push(child);
    return createInterface({ input: child.stdout });
  };
  try {
    const [forwarder, receiver] = files;
    // Its first figures: the stream is there.
    await once(start(forwarder), "line");
    const lines: string[] = [];
    for await (const line of start(receiver)) {
      if (lines.push(line) === 2) break;
    }
    assert.deepEqual(lines.map((line) => line.split(" ").slice(-2).join(" ")), [
      "1 one",
      "2 two",
    ]);
  } finally {
    for (const child of started) child.kill("SIGKILL");
  }
});
