/**
 * A `require` that no bundler looks into and no parser trips on: a runtime's own modules have names
 * that other runtimes refuse even where they are never reached.
 *
 * @module
 */

import process from "node:process";

/** A `require` that starts from this file. */
export function builtinRequire(): (specifier: string) => unknown {
  const { createRequire } = process.getBuiltinModule("node:module");
  return createRequire(import.meta.url);
}
