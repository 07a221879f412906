/** A log saved at once: in the last moment of a process. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import test, { after } from "node:test";
import {
  saveLog,
  saveLogSync,
  SegmentExistsError,
  SegmentNotFoundError,
  ShmLogReader,
  ShmLogWriter,
} from "../../mod.ts";
import { runScript, uniqueName } from "../support/runtime.ts";

const folder = mkdtempSync(`${tmpdir()}/ouroboros-save-sync-`);
after(() => rmSync(folder, { recursive: true }));

test("saveLogSync() makes the file that saveLog() makes", async () => {
  const name = uniqueName("sync");
  using writer = ShmLogWriter.create(name, { size: 1 << 20, unlinkOnClose: true });
  for (let i = 0; i < 20_000; i++) writer.write(`entry ${i} ${"x".repeat(i % 90)}`);
  const saved = saveLogSync(name, `${folder}/sync`, { compact: true });
  const other = await saveLog(name, `${folder}/other`, { compact: true });
  assert.deepEqual({ ...saved, path: "" }, { ...other, path: "" });
  assert.ok(readFileSync(`${folder}/sync`).equals(readFileSync(`${folder}/other`)));
  assert.throws(() => saveLogSync(name, `${folder}/sync`), SegmentExistsError);
  assert.equal(saveLogSync(name, `${folder}/sync`, { force: true }).entries, saved.entries);
  assert.throws(() => saveLogSync({ path: `${folder}/sync` }, `${folder}/sync`), RangeError);
  assert.throws(() => saveLogSync(uniqueName("no"), `${folder}/none`), SegmentNotFoundError);
  assert.throws(() => saveLogSync(name, `${folder}/none`, { signal: 1 } as object), TypeError);
  assert.deepEqual(readdirSync(folder).sort(), ["other", "sync"]);
});

for (const end of ["throw", "exit"]) {
  test(`saveLogSync() works at the end of a process by ${end}`, () => {
    const path = `${folder}/${end}.log`;
    const script = new URL("./children/last_saver.ts", import.meta.url);
    const { status } = runScript(script, [uniqueName("sync"), path, end]);
    assert.notEqual(status, 0);
    using reader = ShmLogReader.open({ path }, { strategy: "oldest" });
    assert.deepEqual([...reader].map(({ text }) => text), ["last words"]);
  });
}
