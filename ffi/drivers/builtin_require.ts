/**
 * A `require` that no bundler looks into and no parser trips on: a runtime's own modules have names
 * that other runtimes refuse even where they are never reached.
 *
 * @module
 */

import process from "node:process";

/** Where bundlers put this into a CommonJS file, that file; else only Bun has it. */
declare const __filename: string | undefined;

/** A `require` that starts from this file, or, where it is on a server, from nowhere: for builtins. */
export function builtinRequire(): (specifier: string) => unknown {
  return process.getBuiltinModule("node:module").createRequire(requireBase());
}

/** From where it starts. */
export function requireBase(): string {
  // CommonJS has no URL here.
  const url: string | undefined = import.meta.url;
  if (url?.startsWith("file:")) return url;
  // A path on every system: Deno takes modules from servers, and there is no file then.
  return typeof __filename === "string" ? __filename : "file:///C:/";
}
