/**
 * Whether standard output has colours.
 *
 * @module
 */

import process from "node:process";
import pc from "picocolors";
import type { Colors } from "./pretty.ts";

/**
 * Whether there may be colours, by the environment. `FORCE_COLOR=0` is a wish for none, which picocolors
 * takes for one for colours.
 */
export const mayHaveColors: boolean = pc.isColorSupported &&
  !/^(?:0|false)$/.test(process.env.FORCE_COLOR ?? "");

/** What colours standard output; `isWanted` is what the command line says. */
export function outputColors(isWanted?: boolean): Colors {
  const isUsual = process.stdout.isTTY || Boolean(process.env.FORCE_COLOR);
  return pc.createColors(isWanted ?? (mayHaveColors && isUsual));
}
