/**
 * Sources as keys of maps.
 *
 * @module
 */

import type { LogSource } from "../message/message.ts";

/** A source as a key: neither a host nor a segment has a line break. */
export function sourceKey({ host, name, segment }: LogSource): string {
  return `${host}\n${segment}\n${name}`;
}
