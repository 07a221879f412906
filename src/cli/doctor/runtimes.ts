/**
 * The runtime of this command, those beside it, and how native functions are called.
 *
 * @module
 */

import { execFile } from "node:child_process";
import os from "node:os";
import process from "node:process";
import config from "../../../deno.json" with { type: "json" };
import { driver } from "../../../ffi/drivers/driver.ts";
import { system } from "../../../ffi/current_system.ts";
import { formatSize } from "../../base/sizes.ts";
import type { Finding } from "./finding.ts";

/** The first version of each runtime that this library is tested on, and what to do about older ones. */
const LEAST: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  deno: [2, 9],
  bun: [1, 4],
  node: [22, 18],
};
const WORDS: Readonly<Record<string, string>> = { deno: "Deno", bun: "Bun", node: "Node" };

/** How long a runtime may take to say its version, in milliseconds. */
const PATIENCE = 5000;

/** The runtime that this is. */
export function thisRuntime(): Finding {
  const { deno, bun, node } = process.versions as Record<string, string | undefined>;
  const [name, version] = deno !== undefined
    ? ["deno", deno]
    : bun !== undefined
    ? ["bun", bun]
    : ["node", node ?? ""];
  const on = `${process.platform} ${os.release()}, ${process.arch}`;
  const finding = runtimeFinding("runtime", name, version);
  return {
    ...finding,
    found: `${finding.found}, ${on}; ouroboros ${config.version}`,
    values: {
      ...finding.values,
      platform: process.platform,
      kernel: os.release(),
      arch: process.arch,
      ouroboros: config.version,
    },
  };
}

/** What is found of a runtime of that version. */
export function runtimeFinding(check: string, name: string, version: string): Finding {
  const [major, minor] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = LEAST[name];
  const isOld = major < leastMajor || major === leastMajor && minor < leastMinor;
  return {
    check,
    status: isOld ? "warning" : "ok",
    found: `${WORDS[name]} ${version}${isOld ? ": too old for this library" : ""}`,
    ...isOld && { todo: `use ${WORDS[name]} ${leastMajor}.${leastMinor} or newer` },
    values: { runtime: name, version },
  };
}

/** All runtimes that programs are started with here, by their names. */
export async function runtimesOnPath(): Promise<Finding[]> {
  const names = Object.keys(LEAST);
  const versions = await Promise.all(names.map(versionOf));
  return names.flatMap((name, i) => {
    const version = versions[i];
    return version === undefined ? [] : [runtimeFinding(`${name} on PATH`, name, version)];
  });
}

function versionOf(name: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const done = (error: Error | null, stdout: string) =>
      resolve(error === null ? /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] : undefined);
    try {
      execFile(name, ["--version"], { timeout: PATIENCE, windowsHide: true }, done);
    } catch {
      // Deno without --allow-run.
      resolve(undefined);
    }
  });
}

/** How this runtime calls native functions. */
export function nativeCalls(): Finding {
  const { maxView, futex } = system();
  const { name } = driver();
  const limit = maxView < Number.MAX_SAFE_INTEGER;
  return {
    check: "native calls",
    status: "ok",
    found: `by ${name}${limit ? `, of logs of up to ${formatSize(maxView + 1)}` : ""}`,
    values: { driver: name, ...limit && { largest: maxView }, futex: futex !== undefined },
  };
}
