/**
 * The threads that the command starts for itself.
 *
 * @module
 */

import { isMainThread, workerData } from "node:worker_threads";

const MARK = "a thread of the command itself";

/** What they are given, which tells them from threads that others start: the command may run in those. */
export const OWN_THREAD: { readonly ouroboros: string } = { ouroboros: MARK };

/** Whether this is such a thread: in a bundle its file may be the one that runs the command. */
export function isOwnThread(): boolean {
  return !isMainThread && workerData?.ouroboros === MARK;
}
