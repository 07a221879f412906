/**
 * Logs of other machines by a word. Runs in the page of `serve`, too.
 *
 * @module
 */

import type { LogSource } from "../../ship/message.ts";
import { oneLine } from "./harmless.ts";

/** A log of some machine in a word. Its names may come from a stranger. */
export function sourceLabel({ host, name }: Pick<LogSource, "host" | "name">): string {
  return oneLine(name.startsWith("/") ? `${host}${name}` : `${host}/${name}`);
}
