/**
 * A `require` that no bundler looks into and no parser trips on: a runtime's own modules have names
 * that other runtimes refuse even where they are never reached.
 *
 * @module
 */

import process from "node:process";

/** A `require` that starts from this file, or, where it is on a server, from nowhere: for builtins. */
export function builtinRequire(): (specifier: string) => unknown {
  const { createRequire } = process.getBuiltinModule("node:module");
  const { url } = import.meta;
  // A path on every system: Deno takes modules from servers, and there is no file then.
  return createRequire(url.startsWith("file:") ? url : "file:///C:/");
}
