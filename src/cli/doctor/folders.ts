/**
 * A folder that logs, saved logs or places are to be in.
 *
 * @module
 */

import { statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { FileLock, MappedFile } from "../../../ffi/mod.ts";
import { formatSize } from "../../base/sizes.ts";
import { oneLine } from "../output/harmless.ts";
import type { Finding } from "./finding.ts";

/** What statfs calls file systems that are on another machine, or may be. */
const REMOTE: Readonly<Record<number, string>> = {
  0x6969: "NFS",
  0x517b: "SMB",
  0xff534d42: "CIFS",
  0xfe534d42: "SMB",
  0x01021997: "9P",
  0x5346414f: "AFS",
  0x00c36400: "Ceph",
};

/** Makes a file in a folder, maps, locks and removes it. */
export function tryFolder(folder: string): Finding[] {
  const check = `folder ${oneLine(folder)}`;
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    return [{ check, status: "broken", found: "no such folder", todo: "make it first" }];
  }
  const { type, bsize, bavail } = statfsSync(folder);
  const free = Number(bsize) * Number(bavail);
  const path = join(folder, `.ouroboros-doctor-${process.pid}-${crypto.randomUUID().slice(0, 8)}`);
  using file = MappedFile.create(path, 4096, { lock: true });
  try {
    const second = FileLock.take(path);
    second?.close();
    return [folderFinding(folder, free, second === undefined, Number(type))];
  } finally {
    file.remove();
  }
}

/** What is found of a folder. */
export function folderFinding(
  folder: string,
  free: number,
  isSafe: boolean,
  type: number,
): Finding {
  const remote = REMOTE[type >>> 0];
  const found = !isSafe
    ? "a lock does not keep a second writer out"
    : remote === undefined
    ? "files can be made, mapped and locked"
    : `${remote}: a machine that it is shared with may not see the lock, nor what is written`;
  return {
    check: `folder ${oneLine(folder)}`,
    status: !isSafe ? "broken" : remote === undefined ? "ok" : "warning",
    found: `${found}; ${formatSize(free)} free`,
    ...(!isSafe || remote !== undefined) && { todo: "keep logs on a disk of this machine" },
    values: { folder, free, lockHolds: isSafe, ...remote !== undefined && { remote } },
  };
}
