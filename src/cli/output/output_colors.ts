/**
 * Whether standard output has colors.
 *
 * @module
 */

import process from "node:process";
import pc from "picocolors";
import type { Colors } from "./pretty.ts";

/**
 * Whether there may be colors, by the environment. `FORCE_COLOR=0` asks for none, and picocolors
 * takes it for a request for colors.
 */
export const mayHaveColors: boolean = pc.isColorSupported &&
  !/^(?:0|false)$/.test(process.env.FORCE_COLOR ?? "");

/** What colors standard output; `isWanted` is what the command line says. */
export function outputColors(isWanted?: boolean): Colors {
  const isUsual = process.stdout.isTTY || Boolean(process.env.FORCE_COLOR);
  return pc.createColors(isWanted ?? (mayHaveColors && isUsual));
}
