/** Warnings of the process. */

import process from "node:process";

/** The messages of the warnings while `work` is done, and a moment after it. */
export async function warningsOf(work: () => void | Promise<void>): Promise<string[]> {
  const found: string[] = [];
  const listen = (warning: Error) => found.push(warning.message);
  process.on("warning", listen);
  try {
    await work();
    await new Promise((resolve) => setTimeout(resolve, 20));
  } finally {
    process.removeListener("warning", listen);
  }
  return found;
}
