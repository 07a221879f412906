/** A recorder in an application that ends: what is left of it. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogReader } from "../../mod.ts";
import { testFolder } from "../support/folder.ts";
import { isWindows } from "../support/platform.ts";
import { runScript, startChild, uniqueName } from "../support/runtime.ts";
import { savedTexts } from "../support/watching.ts";

const folder = testFolder("recorded-app");
const messages = (texts: string[]) => texts.map((text) => JSON.parse(text).msg);

const script = new URL("./children/recorded_app.ts", import.meta.url);
const ENDS: [end: string, code: number | null, reasons: string[]][] = [
  ["throw", 1, ["uncaught"]],
  ["reject", 1, ["uncaught"]],
  ["exit 3", 3, ["exit"]],
  ["exit 0", 0, []],
  ["error, exit 0", 0, ["error"]],
  ["error, end", 0, ["error"]],
  ["handled", 0, ["uncaught"]],
  ["handled, exit 0", 0, ["uncaught"]],
  ["asked, exit 0", 0, ["asked"]],
  // With an entry that says so.
  ["told, exit 3", 3, ["exit"]],
  // Its log is closed, and removed, by the same end.
  ["closed, exit 3", 3, ["exit"]],
];
if (!isWindows) {
  ENDS.push(["closed, error, SIGTERM", null, ["error"]], ["closed, SIGTERM", null, ["SIGTERM"]]);
}
for (const [end, code, reasons] of ENDS) {
  test(`an application that ends by "${end}" leaves what led to it`, () => {
    const name = uniqueName("ends");
    const dir = join(folder, end.replace(/\W/g, ""));
    try {
      assert.equal(runScript(script, [name, dir, end]).status, code);
      const found = savedTexts(dir);
      assert.deepEqual(found.reasons, reasons);
      for (const texts of found.texts) assert.equal(messages(texts)[0], "what led to it");
      if (reasons[0] === "uncaught") {
        // An application that handles it may live on.
        const level = end.startsWith("handled") ? "error" : "fatal";
        assert.match(found.texts[0][1], new RegExp(`"${level}".*uncaught Error: it`));
      }
      if (reasons[0] === "error") assert.equal(messages(found.texts[0])[1], "it");
      const told = { "told, exit 3": "exit code 3", "closed, error, SIGTERM": "ended by SIGTERM" };
      const last = told[end as keyof typeof told];
      if (last !== undefined) assert.equal(messages(found.texts[0]).at(-1), last);
    } finally {
      SharedMemory.unlink(name);
    }
  });
}

test("a killed application leaves its log, though nothing inside could save it", () => {
  const name = uniqueName("ends");
  const dir = join(folder, "killed");
  try {
    runScript(script, [name, dir, "kill"]);
    assert.equal(existsSync(dir), false);
    if (isWindows) return;
    using reader = ShmLogReader.open(name, { strategy: "oldest" });
    assert.deepEqual(messages([...reader].map(({ text }) => text)), ["what led to it", "it"]);
  } finally {
    SharedMemory.unlink(name);
  }
});

test("a signal saves, each time, without an end", { skip: isWindows && "no signals" }, async () => {
  const name = uniqueName("ends");
  const dir = join(folder, "signal");
  const child = startChild(script, [name, dir, "signal"]);
  try {
    assert.equal(await child.nextLine(), "ready");
    for (let files = 1; files <= 2; files++) {
      process.kill(child.pid, "SIGUSR2");
      while (savedTexts(dir).reasons.length < files) await sleep(20);
    }
    assert.deepEqual(savedTexts(dir).reasons, ["SIGUSR2", "SIGUSR2"]);
  } finally {
    await child.kill();
    SharedMemory.unlink(name);
  }
});
