/**
 * Whether standard output has colours.
 *
 * @module
 */

import process from "node:process";
import pc from "picocolors";
import type { Colors } from "./pretty.ts";

/** What colours standard output; `isWanted` is what the command line says. */
export function outputColors(isWanted: boolean | undefined): Colors {
  const isUsual = process.stdout.isTTY || Boolean(process.env.FORCE_COLOR);
  return pc.createColors(isWanted ?? (pc.isColorSupported && isUsual));
}
