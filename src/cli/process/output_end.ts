/**
 * Whether the other ends of this process's standard streams are still there.
 *
 * @module
 */

import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
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
    if (!isHungUp(STANDARD_OUTPUT)) return;
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

/** Whether the terminal that this process has was closed. */
export function hasLostTerminal(): boolean {
  return [0, 1, 2].some((descriptor) => isatty(descriptor) && isHungUp(descriptor));
}

function isHungUp(descriptor: number): boolean {
  try {
    return system().isHungUp?.(descriptor) ?? false;
  } catch {
    // No native functions here, which a stream of NATS can be read without.
    return false;
  }
}
