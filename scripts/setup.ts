/**
 * Installs what the tests use beside the packages of deno.json, by Debian's package manager: without it
 * they skip what needs it, and say so.
 *
 * `deno task setup` for `deno task test`; `deno task setup all` for the other systems' tests, too.
 */

import { spawnSync } from "node:child_process";
import process from "node:process";

/** A program, perhaps under one of several names, and Debian's package that has it. */
const FOR_TESTS: [programs: string, packageName: string][] = [
  ["chromium chromium-browser google-chrome", "chromium"],
  ["gcc", "gcc"],
  ["jq", "jq"],
  ["nats-server", "nats-server"],
  ["nginx", "nginx-light"],
  ["python3", "python3"],
  ["script", "bsdutils"],
  ["spin", "spin"],
  ["unshare", "util-linux"],
];

/** What the emulators of the other systems' tests are, or build with. */
const FOR_OTHER_SYSTEMS = [
  "qemu-user-static",
  "libatomic1-arm64-cross",
  "libc6-arm64-cross",
  "libgcc-s1-arm64-cross",
  "libstdc++6-arm64-cross",
  "musl",
  "wine64",
  "gcc-mingw-w64-x86-64-win32",
];

const missing = FOR_TESTS.filter(([programs]) => !programs.split(" ").some(isThere))
  .map(([, name]) => name);
if (process.argv[2] === "all") {
  missing.push(...FOR_OTHER_SYSTEMS.filter((name) => !isInstalled(name)));
}
if (missing.length === 0) {
  console.log("setup: all is there");
  process.exit(0);
}
const isRoot = process.getuid?.() === 0;
if (!isThere("apt-get") || !isRoot && !isThere("sudo")) {
  console.log(`setup: not there, and not to be installed by us: ${missing.join(", ")}`);
  process.exit(1);
}
console.log(`setup: installing ${missing.join(", ")}`);
if (!apt("install", ...missing) && !(apt("update") && apt("install", ...missing))) {
  // What a child of Debian does not have must not keep the others from being installed.
  const failed = missing.filter((name) => !apt("install", name));
  if (failed.length > 0) {
    console.log(`setup: not to be had: ${failed.join(", ")}; what needs it is skipped`);
    process.exit(1);
  }
}

function isThere(program: string): boolean {
  // Debian keeps servers where users don't look.
  const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;
  const env = { ...process.env, PATH };
  return spawnSync("sh", ["-c", 'command -v "$0"', program], { env }).status === 0;
}

function isInstalled(name: string): boolean {
  const { stdout } = spawnSync("dpkg-query", ["--show", "--showformat=${Status}", name], {
    encoding: "utf8",
  });
  return stdout?.endsWith(" installed") ?? false;
}

function apt(command: string, ...names: string[]): boolean {
  const words = ["apt-get", command, "--yes", "--no-install-recommends", "-qq", ...names];
  if (!isRoot) words.unshift("sudo", "--non-interactive");
  words.unshift("env", "DEBIAN_FRONTEND=noninteractive");
  const [program, ...rest] = words;
  return spawnSync(program, rest, { stdio: ["ignore", "ignore", "inherit"] }).status === 0;
}
