/** What runs a program for arm64 here: qemu in user mode with the libraries of a cross compiler. */

import { existsSync } from "node:fs";
import { inPath, unfit } from "../emulation.ts";

/** Where Debian and its children put the libraries for arm64. */
const LIBRARIES = "/usr/aarch64-linux-gnu";

/** What the runtimes are linked with, and the package that has it. */
const NEEDED: Record<string, string> = {
  "ld-linux-aarch64.so.1": "libc6-arm64-cross",
  "libgcc_s.so.1": "libgcc-s1-arm64-cross",
  "libstdc++.so.6": "libstdc++6-arm64-cross",
  "libatomic.so.1": "libatomic1-arm64-cross",
};

/**
 * A CPU with the atomic instructions of arm64 8.1, as of any machine of today, and without pointer
 * authentication, which qemu's default CPU has: its emulation makes Deno five times slower.
 */
const CPU = "neoverse-n1";

/** The start of a command line that runs an arm64 program, or a sentence on why there is none. */
export function findEmulator(): string[] | string {
  const reason = unfit();
  if (reason !== undefined) return reason;
  // The name depends on whether it is of the package qemu-user or qemu-user-static.
  const qemu = inPath("qemu-aarch64") ?? inPath("qemu-aarch64-static");
  const missing = Object.keys(NEEDED).filter((file) => !existsSync(`${LIBRARIES}/lib/${file}`));
  const packages = missing.map((file) => NEEDED[file]);
  if (qemu === undefined) {
    missing.unshift("qemu-aarch64");
    packages.unshift("qemu-user-static");
  }
  if (qemu !== undefined && missing.length === 0) return [qemu, "-cpu", CPU, "-L", LIBRARIES];
  const verb = missing.length === 1 ? "is" : "are";
  return `${missing.join(", ")} ${verb} missing (apt-get install ${packages.join(" ")})`;
}
