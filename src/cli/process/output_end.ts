/**
 * Whether somebody still reads standard output.
 *
 * @module
 */

import { fstatSync } from "node:fs";
import { system } from "../../../ffi/current_system.ts";

const STANDARD_OUTPUT = 1;
/** How often to look, in milliseconds. A look costs some microseconds, and a timer's wake-up. */
const INTERVAL = 200;

/**
 * Calls `onEnd` once when the reader of standard output has closed it, as `| head` does: a command that
 * waits for something to print would otherwise learn of it by the next thing that it prints. Only
 * pipes and sockets have a reader; on Windows nothing tells.
 *
 * @returns what ends the looking
 */
export function onOutputEnd(onEnd: () => void): () => void {
  if (!hasReader()) return () => {};
  const timer = setInterval(() => {
    if (!isHungUp()) return;
    clearInterval(timer);
    onEnd();
  }, INTERVAL);
  return () => clearInterval(timer);
}

function hasReader(): boolean {
  try {
    const stat = fstatSync(STANDARD_OUTPUT);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    // Closed, or without the permission.
    return false;
  }
}

function isHungUp(): boolean {
  try {
    return system().isHungUp?.(STANDARD_OUTPUT) ?? false;
  } catch {
    // No native functions here, which a stream of NATS can be read without.
    return false;
  }
}
