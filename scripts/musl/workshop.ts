/**
 * Bun's build for musl, made to run on a machine with glibc: by musl's loader, which Debian's package
 * `musl` has, with Debian's libstdc++ and libgcc and the few functions of glibc that these call.
 * What calls no C++, which is all of ours, then runs with musl alone: there is no glibc in the process.
 */

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { installPackages, unfit, writeProgram } from "../emulation.ts";
import { versionOf } from "../project.ts";
import type { Runtime } from "../runtimes.ts";

const folder = `${tmpdir()}/ouroboros-musl/`;
const libraries = `${folder}lib`;
/** musl's loader, which is its C library, too: as musl is installed, or as Debian installs it. */
const LOADERS = ["/lib/ld-musl-x86_64.so.1", "/lib/x86_64-linux-musl/libc.so"];
const COPIED = ["libstdc++.so.6", "libgcc_s.so.1"];
/** Wanted by libstdc++, and not there in musl: so ours may have its name. */
const OURS = "ld-linux-x86-64.so.2";

/** Bun for musl, or a sentence on why it does not run here. `MUSL` in the environment: the loader. */
export function prepare(): Runtime | string {
  const reason = unfit();
  if (reason !== undefined) return reason;
  mkdirSync(libraries, { recursive: true });
  const version = versionOf("bun");
  const packages = { "@oven/bun-linux-x64-musl": version };
  installPackages(folder, "musl", ["--os=linux", "--cpu=x64", "--libc=musl"], packages);
  const bun = `${folder}node_modules/@oven/bun-linux-x64-musl/bin/bun`;
  if (works(bun, version)) return runtime(bun, version);
  const loader = findLoader();
  if (!loader.startsWith("/")) return loader;
  const complaint = gatherLibraries();
  if (complaint !== undefined) return complaint;
  const path = `${folder}bun`;
  // Not by LD_LIBRARY_PATH, which programs for glibc that a test starts would heed, too.
  writeProgram(path, [loader, "--library-path", libraries, "--argv0", "bun", bun]);
  const { stdout, stderr } = spawnSync(path, ["--version"], { encoding: "utf8" });
  if (stdout.trim() !== version) return `Bun does not start: ${stderr.trim().split("\n")[0]}`;
  return runtime(path, version);
}

function runtime(path: string, version: string): Runtime {
  return {
    name: "bun",
    title: `Bun ${version} musl`,
    path,
    run: ["run"],
    test: ["test", "--timeout", "600000"],
  };
}

function works(path: string, version: string): boolean {
  return spawnSync(path, ["--version"], { encoding: "utf8" }).stdout?.trim() === version;
}

function findLoader(): string {
  const { MUSL } = process.env;
  if (MUSL !== undefined) return existsSync(MUSL) ? MUSL : `${MUSL} of MUSL is not there`;
  const unpacked = `${folder}debian${LOADERS[1]}`;
  const found = [...LOADERS, unpacked].find((path) => existsSync(path));
  if (found !== undefined) return found;
  console.log(`apt-get download of the package musl, unpacked in ${folder}`);
  spawnSync("apt-get", ["download", "musl"], { cwd: folder, timeout: 120_000 });
  const file = readdirSync(folder).find((name) => /^musl_.*\.deb$/.test(name));
  if (file !== undefined) spawnSync("dpkg", ["-x", file, "debian"], { cwd: folder });
  if (existsSync(unpacked)) return unpacked;
  return "musl's loader is missing (apt-get install musl, or MUSL=its path)";
}

/** Puts together what Bun is linked with; gives why that is not possible. */
function gatherLibraries(): string | undefined {
  if (existsSync(`${libraries}/${OURS}`)) return undefined;
  for (const name of COPIED) {
    const found = ["/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64"]
      .map((place) => `${place}/${name}`)
      .find((path) => existsSync(path));
    if (found === undefined) return `${name} is missing (apt-get install libstdc++6 libgcc-s1)`;
    copyFileSync(found, `${libraries}/${name}`);
  }
  const source = fileURLToPath(new URL("glibc_parts.c", import.meta.url));
  const { status, error, stderr } = spawnSync("gcc", [
    ..."-shared -fPIC -O1 -fno-builtin -nostdlib -Wall -Werror".split(" "),
    `-Wl,-soname,${OURS}`,
    "-o",
    `${libraries}/${OURS}`,
    source,
  ], { encoding: "utf8" });
  if (status === 0) return undefined;
  return error === undefined ? `gcc failed: ${stderr}` : "gcc is missing (apt-get install gcc)";
}
