/** What Windows and macOS do not have, as the reasons for which tests are skipped there. */

import process from "node:process";

/** Whether this is Windows. */
export const isWindows: boolean = process.platform === "win32";

/** The reason on Windows; `false`, which skips nothing, elsewhere. */
export function notOnWindows(reason: string): string | false {
  return isWindows && reason;
}

/** The reason on macOS; `false`, which skips nothing, elsewhere. */
export function notOnMac(reason: string): string | false {
  return process.platform === "darwin" && reason;
}

export const needsLastingNames: string | false = notOnWindows(
  "a segment of Windows lives as long as somebody has it open",
);
export const needsLettingGo: string | false = notOnWindows(
  "a follower keeps a log of Windows, which neither goes nor is replaced meanwhile",
);
export const needsPaths: string | false = notOnWindows("a segment of Windows has no path") ||
  notOnMac("a segment of macOS has no path");
export const needsModes: string | false = notOnWindows("Windows has no permission bits");
export const needsTruncation: string | false = notOnWindows(
  "Windows cuts off nothing that is mapped",
) || notOnMac("a segment of macOS gets its size once");
export const needsRemoval: string | false = notOnWindows("Windows removes nothing that is mapped");
export const needsSignals: string | false = notOnWindows("Windows has no signals");
export const needsOtherUsers: string | false = notOnWindows(
  "there is no way here to run as another user of Windows",
) || notOnMac("there is no way here to run as another user of macOS");
export const needsNamespaces: string | false = notOnWindows(
  "Windows has no namespaces to mount in",
) || notOnMac("macOS has no namespaces to mount in");
export const needsLinks: string | false = notOnWindows(
  "on Windows links are for administrators, and Wine has them only in part",
);
export const needsCollector: string | false = notOnWindows(
  "there is no /proc in which to see what is mapped",
) || notOnMac("there is no /proc in which to see what is mapped");

/** Set where Windows is Wine: see `deno task test --on windows`. */
export const isWine: boolean = isWindows && process.env.OUROBOROS_WINE === "1";

/**
 * What a process said on its standard error, without what Bun 1.4 says of itself in Wine, and Deno
 * where several start at the same moment.
 */
export function complaintsIn(stderr: string): string {
  const own = stderr.replace(/^Blocking waiting for file lock on .*\n/gm, "");
  return isWine ? own.replace(/^Internal error: directory .*\n/gm, "") : own;
}

/** Set where the CPU is qemu: see `deno task test --on arm64`. */
export const isQemu: boolean = process.env.OUROBOROS_QEMU === "1";
export const needsLittleMemory: string | false = isQemu &&
  "qemu needs more memory than there is in this test";
export const needsSpeed: string | false = isQemu && "counts on a machine's usual speed";
export const needsExec: string | false = isQemu &&
  "qemu does not say that a program can't be started, and starts others with signals of its own";
export const needsOwnPath: string | false = process.env.THIS_RUNTIME !== undefined &&
  "its own path is that of an emulator or a loader, and starts no other process";

export const wineChangesCreation: string | false = isWine &&
  "Wine says that a file was created when it was last changed";
export const needsRemovedFolder: string | false = isWine && "Bun" in globalThis &&
  "in Wine Bun can't remove a folder with what is in it";
/** Its libuv asserts that there is one. Bun and Deno say that they are a Node, too, of other versions. */
export const needsConsole: string | false = isWine && process.versions.node.startsWith("22.") &&
  "in Wine Node 22 may crash in a console of its own, as that has no title";
export const needsConnections: string | false = isWine && !("Bun" in globalThis) &&
  !("Deno" in globalThis) &&
  "in Wine Node makes no TCP connection";
