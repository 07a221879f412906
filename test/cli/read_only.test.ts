/** Commands in a container whose file system is read-only: only /dev/shm can be written to. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import test, { after } from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { cliCommand, runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { needsNamespaces } from "../support/platform.ts";
import { uniqueName } from "../support/runtime.ts";

const folder = testFolder("read-only");
const frozen = `${folder}/frozen`;
const log = ShmLogWriter.create(uniqueName("read-only"), { unlinkOnClose: true, size: 65536 });
log.write('{"level":30,"time":1700000000000,"msg":"one"}');
after(() => {
  log.close();
});

const FREEZE = 'mkdir -p "$0" && mount -t tmpfs -o ro tmpfs "$0"';
/** A shared memory of its own, in which nothing can be made once the log is there. */
const NO_SHARED = "mount --bind /dev/shm /dev/shm && mount -o remount,bind,ro /dev/shm";

interface Result {
  status: number | null;
  stdout: Uint8Array<ArrayBuffer>;
  stderr: string;
}

/** Runs a command where temporary files would be on a read-only file system, too. */
function run(args: string[], more = "true"): Result {
  const [command, all] = cliCommand(args);
  const script = `${FREEZE} && ${more} && exec "$@"`;
  const { status, stdout, stderr } = spawnSync(
    "unshare",
    ["--mount", "sh", "-c", script, frozen, command, ...all],
    { env: { ...process.env, TMPDIR: frozen, NO_COLOR: "1" } },
  );
  return { status, stdout: new Uint8Array(stdout), stderr: stderr.toString() };
}

const skip = needsNamespaces || spawnSync("unshare", ["--mount", "true"]).status !== 0 &&
    "no namespace to be had";

test("save and export to standard output need no other place than /dev/shm", { skip }, () => {
  const copy = `${folder}/copy.log`;
  const saved = run(["save", log.name, "-"]);
  assert.deepEqual([saved.status, saved.stderr.trim()], [
    0,
    "ouroboros: 1 entry, 1 to 1, 64 KiB",
  ]);
  writeFileSync(copy, saved.stdout);
  assert.match(runCli(["tail", copy]).stdout, /"msg":"one"/);
  const page = run(["export", log.name, "--html", "-"]);
  assert.equal(page.status, 0, page.stderr);
  assert.match(new TextDecoder().decode(page.stdout), /^<!doctype html>/i);
  const nowhere = run(["save", log.name, "-"], NO_SHARED);
  assert.deepEqual([nowhere.status, nowhere.stderr.trim()], [
    1,
    `ouroboros: no temporary file can be made in ${frozen}: TMPDIR=/PATH is another folder`,
  ]);
});

test("an error names the folder that can't be written to, and why", { skip }, () => {
  const refused = `no file can be made in folder "${frozen}": the file system is read-only; ` +
    "choose another folder";
  const saved = run(["save", log.name, `${frozen}/app.log`]);
  assert.deepEqual([saved.status, saved.stderr.trim()], [1, `ouroboros: ${refused}`]);
});

test("watch and run say at once that nothing can be saved", { skip }, () => {
  const watched = run(["watch", log.name, "--when", "dead", "--save", `${frozen}/crashes`]);
  assert.equal(watched.status, 1);
  assert.match(watched.stderr, /^ouroboros: no file can be made in folder ".*\/crashes": .*\n$/);
  const name = uniqueName("read-only-run");
  const ran = run(["run", "--log", name, "--save", frozen, "--", "sh", "-c", "echo it runs >&2"]);
  runCli(["remove", name]);
  assert.equal(ran.status, 0);
  assert.match(ran.stderr, /^ouroboros: the log will not be saved: .*\nit runs\n$/);
});
