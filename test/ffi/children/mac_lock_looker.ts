/** Says what another user sees of locks of macOS, and whether it gets one, of root's segments. */

import { openSync } from "node:fs";
import process from "node:process";
import { system } from "../../../ffi/current_system.ts";
import { MacLocks } from "../../../ffi/macos/locks.ts";

const [lockFolder, ...numbers] = process.argv.slice(2);
const user = () => process.geteuid?.() ?? 0;
const locks = new MacLocks(system(), { mode: () => 0o644, user, lockFolder }, () => false);
// An object of root stands for each segment.
for (const inode of numbers.map(Number)) {
  const descriptor = openSync("/dev/null", "r");
  const identity = { device: 0, inode, created: 1 };
  locks.use(descriptor, "/looked-at", { size: 4096, identity, isBlank: false });
  let taken: boolean | string;
  try {
    taken = locks.lock(descriptor);
  } catch (error) {
    taken = (error as Error).name;
  }
  console.log(inode, locks.isLocked(descriptor), taken);
}
