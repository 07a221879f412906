/**
 * The user's browser.
 *
 * @module
 */

import { spawn } from "node:child_process";
import process from "node:process";

/** Opens an address in the browser. Rejects if there is no program for it. */
export function openBrowser(url: string): Promise<void> {
  const command = process.platform === "darwin" ? "open" : "xdg-open";
  return new Promise((resolve, reject) => {
    const child = spawn(command, [url], { stdio: "ignore", detached: true });
    child.once("error", reject);
    child.once("spawn", () => {
      child.unref();
      resolve();
    });
  });
}
