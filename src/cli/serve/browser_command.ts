/**
 * The program that opens a file in the user's browser.
 *
 * @module
 */

import { win32 } from "node:path";
import { pathToFileURL } from "node:url";

/** A program and its arguments; there is no shell in between. */
export interface BrowserCommand {
  /** Its name, or path. */
  program: string;
  /** The arguments, each as it is. */
  args: string[];
}

/**
 * What opens an HTML file on a platform, as `process.platform` names it.
 *
 * @param systemRoot where Windows is, as its environment says
 */
export function browserCommand(
  file: string,
  platform: string,
  systemRoot: string = "C:\\Windows",
): BrowserCommand {
  switch (platform) {
    case "darwin":
      return { program: "open", args: [file] };
    case "win32":
      return {
        // By its path: a name is looked for in the current folder first.
        program: win32.join(systemRoot, "System32", "rundll32.exe"),
        // A URL has no spaces, and so no quotes, which rundll32 would take for a part of it.
        args: ["url.dll,FileProtocolHandler", pathToFileURL(file).href],
      };
    default:
      return { program: "xdg-open", args: [file] };
  }
}
