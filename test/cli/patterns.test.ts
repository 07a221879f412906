/** Patterns, and the slots of a name, in the place of names of logs. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test, { after } from "node:test";
import { saveLog, ShmLogWriter } from "../../mod.ts";
import { runCli, startCli } from "../support/cli.ts";
import { uniqueName } from "../support/runtime.ts";

const skip = process.platform === "darwin" && "this system does not list shared memory";
const folder = mkdtempSync(join(tmpdir(), "ouroboros-test-"));
after(() => rmSync(folder, { recursive: true }));

const open: ShmLogWriter[] = [];
after(() => open.forEach((writer) => writer.close()));

/** A log with these texts, of the times 1, 2, … seconds. */
function makeLog(name: string, texts: [time: number, text: string][] = []): ShmLogWriter {
  const writer = ShmLogWriter.create(name, {
    chunkSize: 16384,
    chunkCount: 4,
    unlinkOnClose: true,
  });
  for (const [time, text] of texts) writer.write(line(time, text));
  open.push(writer);
  return writer;
}

const line = (time: number, text: string) =>
  JSON.stringify({ level: 30, time: 1_700_000_000_000 + 1000 * time, msg: text });
const messages = (stdout: string) => [...stdout.matchAll(/"msg":"([^"]*)"/g)].map(([, msg]) => msg);

test("tail takes all logs that match, by time, and the slots of a name where that has no log", {
  skip,
}, () => {
  const name = uniqueName("slots");
  makeLog(`${name}.0`, [[1, "a"], [4, "d"]]);
  makeLog(`${name}.1`, [[2, "b"], [3, "c"]]);
  makeLog(`${name}.10`, [[5, "e"]]);
  makeLog(`${name}.other`, [[6, "f"]]);
  const all = runCli(["tail", `${name}.*`]);
  assert.deepEqual([all.code, all.stderr], [0, ""]);
  assert.deepEqual(messages(all.stdout), ["a", "b", "c", "d", "e", "f"]);
  assert.ok(all.stdout.startsWith(`${name}.0`), all.stdout);
  assert.deepEqual(messages(runCli(["tail", `${name}.[01]`]).stdout), ["a", "b", "c", "d"]);
  assert.deepEqual(messages(runCli(["tail", `${name}.?`, "-r"]).stdout), [..."dcba"]);
  const one = runCli(["tail", `${name}.1*`, `${name}.1`]);
  assert.deepEqual(messages(one.stdout), ["b", "c", "e"]);
  const slots = runCli(["tail", name]);
  assert.deepEqual(messages(slots.stdout), ["a", "b", "c", "d", "e"]);
  assert.equal(
    slots.stderr,
    `ouroboros: there is no log "${name}": taking "${name}.0" to "${name}.10" (3 logs)\n`,
  );
  const none = runCli(["tail", `${name}-*`]);
  assert.deepEqual([none.code, none.stderr], [1, `ouroboros: no log matches "${name}-*"\n`]);
  // A log of that name is the log.
  makeLog(name, [[7, "g"]]);
  assert.deepEqual(messages(runCli(["tail", name]).stdout), ["g"]);
});

test("tail takes patterns of files", async () => {
  for (const i of [0, 1, 2]) {
    const log = makeLog(uniqueName("files"), [[10 - i, `${i}`]]);
    await saveLog(log.name, join(folder, `app.${i}.log`));
  }
  const found = runCli(["tail", join(folder, "*.log"), "--no-prefix"]);
  assert.deepEqual(messages(found.stdout), ["2", "1", "0"]);
  const none = runCli(["tail", join(folder, "*.txt")]);
  assert.deepEqual([none.code, /no log matches file/.test(none.stderr)], [1, true]);
});

test("stat and verify take patterns", { skip }, () => {
  const name = uniqueName("looks");
  makeLog(`${name}.0`, [[1, "a"]]);
  makeLog(`${name}.1`);
  const stat = runCli(["stat", `${name}.*`]);
  assert.deepEqual([stat.code, [...stat.stdout.matchAll(/ segment /g)].length], [0, 2]);
  const verify = runCli(["verify", `${name}.*`]);
  assert.deepEqual(verify.code, 0);
  assert.match(verify.stdout, /\.0: sound\n(?:.*\n)*.*\.1: sound\n/);
  assert.equal(runCli(["verify", name]).code, 0);
});

for (const flag of ["-f", "-F"]) {
  test(`tail ${flag} of a pattern takes logs that begin to match, and those that come back`, {
    skip,
  }, async () => {
    const name = uniqueName("join");
    const running = startCli(["tail", flag, `${name}.*`]);
    await running.untilStderr((text) => /waiting for a log that matches/.test(text));
    const first = makeLog(`${name}.0`, [[1, "a"]]);
    await running.until((text) => messages(text).join("") === "a");
    first.write(line(2, "b"));
    const second = makeLog(`${name}.1`, [[3, "c"]]);
    await running.until((text) => messages(text).join("") === "abc");
    // Removed, and made again.
    first.close();
    await running.untilStderr((text) => text.includes(`${name}.0: the log is removed`));
    makeLog(`${name}.0`, [[4, "d"]]);
    await running.until((text) => messages(text).join("") === "abcd");
    second.write(line(5, "e"));
    await running.until((text) => messages(text).join("") === "abcde");
    running.signal("SIGINT");
    assert.equal((await running.ended()).code, 0);
  });
}
