/**
 * What the user of an application should know, and nobody can be asked about: a warning of the process.
 *
 * @module
 */

import process from "node:process";

/** Says it once on standard error, or to the listeners of `process.on("warning", …)`. */
export function emitWarning(message: string): void {
  process.emitWarning(message, "OuroborosWarning");
}
