/**
 * The operating system and the CPU that this is.
 *
 * @module
 */

import process from "node:process";
import { NativeUnavailableError } from "../src/errors.ts";
import { posixSystem } from "./posix/posix.ts";
import type { System } from "./system.ts";
import { windowsSystem } from "./windows/windows.ts";

let chosen: System | undefined;

/**
 * The system that this is.
 *
 * @throws {NativeUnavailableError} if there is no native memory on it
 */
export function system(): System {
  return chosen ??= choose();
}

/** Puts another system in the place of this one, for tests: nothing may be open. Undefined: this one. */
export function replaceSystem(other: System | undefined): void {
  chosen = other;
}

function choose(): System {
  const { platform } = process;
  if (platform === "linux" || platform === "darwin") return posixSystem(platform, process.arch);
  if (platform === "win32" && process.arch === "x64") return windowsSystem();
  throw new NativeUnavailableError(
    `native memory is not supported on ${platform} (${process.arch})`,
  );
}

/**
 * Whether this CPU shows stores to others in the order in which they were made, as x86-64 does.
 * Where it does not, logs need fence instructions.
 *
 * @example
 * ```ts
 * import { STRONG_ORDER } from "@ouroboros/log/ffi";
 * import { compilerFence, fullFence } from "@ouroboros/log";
 *
 * const fence = STRONG_ORDER ? compilerFence : fullFence;
 * fence();
 * ```
 */
export const STRONG_ORDER: boolean = process.arch === "x64" || process.arch === "ia32";
