/**
 * The user's browser.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { browserCommand } from "./browser_command.ts";

/**
 * Opens an address in the browser, and gives what removes the traces of that. Rejects if there is no
 * program for it.
 *
 * The address has a token in it, and command lines can be read by all users of a machine: so what
 * stands there is a file of our own, which leads on.
 */
export function openBrowser(url: string): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-serve-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const file = join(folder, "open.html");
  // A token and an address have nothing in them that means something in HTML.
  writeFileSync(file, `<!doctype html><meta http-equiv="refresh" content="0; url=${url}">\n`, {
    mode: 0o600,
  });
  const { program, args } = browserCommand(file, process.platform, process.env.SystemRoot);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "ignore", detached: true });
    child.once("error", (error) => {
      remove();
      reject(error);
    });
    child.once("spawn", () => {
      child.unref();
      resolve(remove);
    });
  });
}
