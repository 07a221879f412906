/** `ouroboros doctor`: what it finds on this machine, and what it would find on others. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { NoSpaceError, ShmLogWriter } from "../../mod.ts";
import { examine, type Finding } from "../../src/cli/doctor/finding.ts";
import { folderFinding } from "../../src/cli/doctor/folders.ts";
import { logsFinding, temporaryFiles } from "../../src/cli/doctor/leftovers.ts";
import { limitFinding, nameFinding, ownFinding, shmFinding } from "../../src/cli/doctor/memory.ts";
import { limitsFinding, namespaceFinding } from "../../src/cli/doctor/process.ts";
import { runtimeFinding } from "../../src/cli/doctor/runtimes.ts";
import { cliCommand, runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { sameOnAll, uniqueName } from "../support/runtime.ts";

const folder = testFolder("doctor");
const isLinux = process.platform === "linux";
const MIB = 2 ** 20;

/** What a command finds, by what was looked at. */
function findingsIn(stdout: string): Record<string, Finding> {
  const findings: Finding[] = JSON.parse(stdout);
  return Object.fromEntries(findings.map((finding) => [finding.check, finding]));
}

test("doctor looks at this machine, finds nothing broken, and leaves nothing", () => {
  using log = ShmLogWriter.create(uniqueName("doctor"), { unlinkOnClose: true, size: 65536 });
  const { code, stdout, stderr } = runCli(["doctor", folder, "--json"]);
  assert.deepEqual([code, stderr], [0, ""]);
  const found = findingsIn(stdout);
  for (const check of ["runtime", "native calls", "segment", "lock"]) {
    assert.equal(found[check].status, "ok", stdout);
  }
  assert.equal(found.lock.values?.holds, true);
  assert.equal(found[`folder ${folder}`].status, "ok");
  const runtime = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";
  assert.equal(found.runtime.values?.runtime, runtime);
  assert.equal(found.runtime.values?.version, process.versions[runtime]);
  assert.ok(Array.isArray(found["temporary files"].values?.paths));
  if (process.platform !== "darwin") {
    assert.ok(!(found.logs.values?.dead as string[]).includes(log.name));
    // Another run may be at work: its own name has its pid.
    assert.deepEqual(
      SharedMemory.list().filter((name) => name.startsWith("/ouroboros-doctor-") && isOver(name)),
      [],
    );
  }
  if (!isLinux) return;
  assert.equal(found["wake-ups"].status, "ok", stdout);
  assert.ok((found["shared memory"].values?.size as number) >= 0);
  assert.equal(found.user.values?.user, process.geteuid?.());
});

function isOver(name: string): boolean {
  try {
    process.kill(Number(name.split("-")[2]), 0);
    return false;
  } catch {
    return true;
  }
}

test("doctor prints a line for each thing, and what to do below it", { skip: sameOnAll }, () => {
  const { code, stdout } = runCli(["doctor", `${folder}/no-such`]);
  assert.equal(code, 1);
  const lines = stdout.trimEnd().split("\n");
  assert.ok(lines.every((line) => /^(ok|warning|broken) +\S| +→ \S/.test(line)), stdout);
  const at = lines.findIndex((line) => line.includes("no-such"));
  assert.match(lines[at], /^broken +folder .*no such folder$/);
  assert.match(lines[at + 1], /^ +→ make it first$/);
});

test("doctor says what a runtime lacks the permission for", {
  skip: "Deno" in globalThis ? false : "only Deno needs a permission by default",
}, () => {
  const [command, args] = cliCommand(["doctor"]);
  const without = args.map((arg) => arg === "-A" ? "--allow-env" : arg)
    .filter((arg) => !arg.startsWith("--allow-ffi"));
  const { status, stdout } = spawnSync(command, [
    ...without.slice(0, 1),
    "--no-prompt",
    ...without.slice(1),
  ], {
    encoding: "utf8",
  });
  assert.equal(status, 1);
  assert.match(stdout, /^broken +native calls +.*run deno with --allow-ffi/m);
});

test("doctor finds a /dev/shm without room for a log", {
  skip: sameOnAll ||
      isLinux &&
        spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/dev/shm"]).status === 0
    ? false
    : "needs a mount namespace",
}, () => {
  const inSmall = (options: string) => {
    const mount = `mount -t tmpfs -o ${options} none /dev/shm && exec "$0" "$@"`;
    const [command, args] = cliCommand(["doctor", "--json"]);
    const { status, stdout } = spawnSync("unshare", ["-m", "sh", "-c", mount, command, ...args], {
      encoding: "utf8",
    });
    return { status, found: findingsIn(stdout) };
  };
  const tiny = inSmall("size=64k");
  assert.equal(tiny.status, 1);
  assert.match(tiny.found["shared memory"].found, /64 KiB free; no room for a new log/);
  const small = inSmall("size=2m,mode=777");
  assert.equal(small.status, 0);
  assert.equal(small.found["shared memory"].status, "warning");
  const locked = inSmall("ro");
  assert.equal(locked.status, 1);
  assert.equal(locked.found.segment.status, "broken");
  assert.match(locked.found.segment.todo ?? "", /mount a tmpfs at \/dev\/shm/);
});

test("an older runtime than the library is tested on is a warning", () => {
  const cases: [name: string, version: string, status: string][] = [
    ["node", "20.20.2", "warning"],
    ["node", "22.17.1", "warning"],
    ["node", "22.18.0", "ok"],
    ["node", "26.9.0-nightly", "ok"],
    ["bun", "1.3.99", "warning"],
    ["bun", "2.0.0", "ok"],
    ["deno", "2.9.0", "ok"],
  ];
  for (const [name, version, status] of cases) {
    const finding = runtimeFinding("runtime", name, version);
    assert.equal(finding.status, status, version);
    assert.equal(finding.todo !== undefined, status === "warning");
  }
});

test("shared memory is broken without room for a log, and a warning where logs are smaller", () => {
  const good = {
    size: 64 * MIB,
    free: 64 * MIB,
    type: 0x01021994,
    mode: 0o41777,
    newLog: 16 * MIB,
    usual: 16 * MIB,
  };
  assert.deepEqual(shmFinding(good), {
    check: "shared memory",
    status: "ok",
    found: "/dev/shm: 64 MiB, 64 MiB free",
    values: { size: 64 * MIB, free: 64 * MIB, newLog: 16 * MIB },
  });
  const cases: [change: Partial<typeof good>, status: string, found: RegExp][] = [
    [{ size: 0, free: Infinity }, "ok", /without a limit$/],
    [{ free: MIB, newLog: MIB / 4 }, "warning", /a new log gets 256 KiB in place of 16 MiB$/],
    [{ free: 1000, newLog: MIB / 4 }, "broken", /no room for a new log$/],
    [{ type: 0xef53 }, "warning", /not a tmpfs/],
    [{ mode: 0o40777 }, "warning", /every user can remove/],
    [{ mode: 0o40700 }, "ok", /free$/],
  ];
  for (const [change, status, found] of cases) {
    const finding = shmFinding({ ...good, ...change });
    assert.equal(finding.status, status, String(found));
    assert.match(finding.found, found);
    assert.equal(finding.todo !== undefined, status !== "ok");
  }
});

test("limits of memory, of names, of users and of folders are reported", () => {
  assert.equal(limitFinding(Infinity).found, "none");
  assert.equal(limitFinding(Infinity).values?.limit, null);
  assert.match(limitFinding(64 * MIB).found, /^64 MiB for this container/);
  assert.equal(nameFinding(true, true).status, "ok");
  assert.match(nameFinding(true, false).found, /linkat/);
  assert.match(nameFinding(false, false).found, /^no O_TMPFILE: /);
  assert.equal(ownFinding(true).status, "ok");
  assert.equal(ownFinding(false).status, "warning");
  assert.equal(
    folderFinding("/a", MIB, true, 0xef53).found,
    "files can be made, mapped and locked; 1 MiB free",
  );
  assert.equal(folderFinding("/a", MIB, false, 0xef53).status, "broken");
  const remote = folderFinding("/a", MIB, true, 0x6969);
  assert.deepEqual([remote.status, remote.values?.remote], ["warning", "NFS"]);
  // A number of 32 bits may have a sign.
  assert.equal(folderFinding("/a", MIB, true, 0xff534d42 | 0).values?.remote, "CIFS");
});

test("the limits of a process that stop a log are warnings", () => {
  const text = (fileSize: string, files: string, addresses: string, core: string) =>
    `Limit                     Soft Limit           Hard Limit           Units
Max file size             ${fileSize}            unlimited            bytes
Max core file size        ${core}                unlimited            bytes
Max open files            ${files}               524288               files
Max address space         ${addresses}           unlimited            bytes
`;
  const usual = limitsFinding(text("unlimited", "1024", "unlimited", "0"), 16 * MIB);
  assert.deepEqual([usual.status, usual.found], [
    "ok",
    "1024 open files, files of any size, no core dumps",
  ]);
  assert.deepEqual(usual.values, {
    openFiles: 1024,
    fileSize: null,
    addressSpace: null,
    coreSize: 0,
  });
  const file = limitsFinding(text("1024000", "1024", "unlimited", "unlimited"), 16 * MIB);
  assert.match(
    file.found,
    /files of up to 1000 KiB, core dumps; no log is larger than 1000 KiB$/,
  );
  assert.match(file.todo ?? "", /LimitFSIZE/);
  assert.match(
    limitsFinding(text("unlimited", "256", "unlimited", "0"), MIB).todo ?? "",
    /ulimit -n/,
  );
  assert.match(
    limitsFinding(text("unlimited", "9999", "4194304", "0"), MIB).todo ?? "",
    /ulimit -v/,
  );
});

test("a user namespace is reported with the users that it knows", () => {
  assert.equal(namespaceFinding("         0          0 4294967295\n").values?.isWhole, true);
  const container = namespaceFinding(
    "         0       1000          1\n         1     100000      65536\n",
  );
  assert.deepEqual(container.values, { isWhole: false, users: 65537 });
  assert.match(container.found, /knows 65537 users/);
  assert.equal(namespaceFinding("").values?.users, 0);
});

test("logs are counted by whether they have a writer, and those that can't be read are named", () => {
  const logs = [
    { name: "/a", size: MIB, writerAlive: true },
    { name: "/b", size: 2 * MIB, writerAlive: false },
    { name: "/c", size: MIB, writerAlive: false, isFinished: true },
  ];
  const { status, found, todo, values } = logsFinding(logs);
  assert.equal(status, "ok");
  assert.equal(found, "1 with a writer (1 MiB), 2 without (3 MiB)");
  assert.match(todo ?? "", /ouroboros remove --dead/);
  assert.deepEqual(values?.dead, ["/b", "/c"]);
  assert.equal(logsFinding(logs.slice(0, 1)).todo, undefined);
  const damaged = logsFinding([{ name: "/x\x1b[2J\n", error: "CORRUPT_LOG" }]);
  assert.equal(damaged.status, "warning");
  assert.match(damaged.found, /1 can't be read: \/x.*\\n \(CORRUPT_LOG\)$/);
  assert.doesNotMatch(damaged.found, /\p{Cc}/u);
  assert.match(damaged.todo ?? "", /ouroboros verify/);
  assert.match(logsFinding([{ name: "/y", error: "PERMISSION_DENIED" }]).todo ?? "", /users/);
});

test("files that were never finished are found when they are old, and nothing else", () => {
  const uuid = crypto.randomUUID();
  const place = join(folder, "left");
  mkdirSync(place);
  const old = [`.app.log.${uuid}.partial`, `app.place.${uuid}.tmp`];
  const kept = ["app.log", ".hidden", "x.tmp", `.partial`, `.app.log.${uuid}.partial2`];
  for (const name of [...old, ...kept]) {
    writeFileSync(join(place, name), "x");
    utimesSync(join(place, name), 1, 1);
  }
  const fresh = `.new.log.${uuid}.partial`;
  writeFileSync(join(place, fresh), "x");
  if (isLinux) symlinkSync("app.log", join(place, `.link.${uuid}.partial`));
  const found = temporaryFiles([place, join(folder, "no-such")]);
  assert.equal(found.status, "warning");
  assert.match(found.todo ?? "", /^remove them$/);
  const ours = (found.values?.paths as string[]).filter((path) => path.startsWith(place));
  assert.deepEqual(ours, old.map((name) => join(place, name)));
  const later = temporaryFiles([place], Date.now() + 3_600_000).values?.paths as string[];
  assert.ok(later.includes(join(place, fresh)));
});

test("a segment that was never finished is found when it is old", { skip: !isLinux }, () => {
  const names = [`/dev/shm${uniqueName("doctor")}~0123abcd`, `/dev/shm${uniqueName("doctor")}`];
  try {
    for (const name of names) {
      writeFileSync(name, name.endsWith("~0123abcd") ? "x" : "");
      utimesSync(name, 1, 1);
    }
    const paths = temporaryFiles([]).values?.paths as string[];
    assert.deepEqual(paths.filter((path) => names.includes(path)).sort(), [...names].sort());
  } finally {
    for (const name of names) rmSync(name, { force: true });
  }
});

test("what fails in the library is broken, what may not be looked at is a warning, and a mistake is one", async () => {
  const failed = await examine("x", () => {
    throw new NoSpaceError("no space left");
  }, "make room");
  assert.deepEqual(failed, [{
    check: "x",
    status: "broken",
    found: "no space left",
    todo: "make room",
    values: { code: "NO_SPACE" },
  }]);
  const [forbidden] = await examine("x", () => {
    throw Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
  });
  assert.deepEqual([forbidden.status, forbidden.found], [
    "warning",
    "not known: EACCES: permission denied",
  ]);
  await assert.rejects(
    examine("x", () => {
      throw new TypeError("ours");
    }),
    /ours/,
  );
});
