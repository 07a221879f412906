/**
 * The choice of the driver that calls native functions.
 *
 * @module
 */

import process from "node:process";
import { NativeUnavailableError } from "../../src/errors.ts";
import { bunDriver } from "./bun.ts";
import { denoDriver } from "./deno.ts";
import type { Driver } from "./native.ts";
import { nodeDriver } from "./node.ts";

let chosen: Driver | undefined;

/**
 * The driver of this runtime. Chosen synchronously, so that `require()` of this library works.
 *
 * @throws {NativeUnavailableError} if this runtime has none, or may not use it
 */
export function driver(): Driver {
  return chosen ??= choose();
}

function choose(): Driver {
  if ("Deno" in globalThis) return denoDriver();
  if ("Bun" in globalThis) return bunDriver();
  if (process.versions?.node !== undefined) return nodeDriver();
  throw new NativeUnavailableError("native memory needs Deno, Bun or Node");
}
