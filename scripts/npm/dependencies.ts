/**
 * What becomes of the packages that the sources import.
 *
 * Who installs a log wants a log: no other package comes with it, but for koffi, which Node needs
 * before 26.9. So what only the command line needs is built into it; what a library's users have anyway,
 * since they log with it, is an optional peer; and what is large and used by one command only is
 * an optional peer, too, and that command says so.
 */

import { isBuiltin } from "node:module";
import { versionOf } from "./project.ts";

/** Loaded when it is needed, if it is there. */
export const OPTIONAL: readonly string[] = ["koffi"];

/** Packages of the command line that are too large to be built in. */
const LARGE: readonly string[] = ["ink", "react"];

/** What users of a subpath have, and so is not built in where the command line imports it, too. */
const SHARED: readonly string[] = ["@nats-io/jetstream", "@nats-io/transport-node"];

/** What stays outside of the bundle. `isCli`: only the command line imports it. */
export function isExternal(name: string, isCli: boolean): boolean {
  return isBuiltin(name) || name === "bun" || name.startsWith("bun:") ||
    OPTIONAL.includes(name) || LARGE.includes(name) || SHARED.includes(name) || !isCli;
}

/** The name of the package that a specifier leads into. */
export function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** The range of versions for a peer: the API of one major version, from the tested one on down. */
export function peerRange(name: string): string {
  const [major, minor] = versionOf(name).split(".");
  return major === "0" ? `^0.${minor}.0` : `^${major}.0.0`;
}
