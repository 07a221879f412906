/**
 * The limits that Linux sets this process, and the users that it can tell apart.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { formatSize } from "../../base/sizes.ts";
import { USUAL_SIZE } from "../../log/native/shape.ts";
import type { Finding } from "./finding.ts";

/** Fewer open files are too few for many logs; systems give at least that many. */
const FEW_FILES = 1024;
/** How many users there are, as the system counts them. */
const ALL_USERS = 0xffff_ffff;

/** The limits of this process (getrlimit) that matter for logs. */
export function processLimits(): Finding {
  return limitsFinding(readFileSync("/proc/self/limits", "utf8"), USUAL_SIZE);
}

/** What is found in the text of /proc/PID/limits. */
export function limitsFinding(text: string, logSize: number): Finding {
  const limit = (name: string): number => {
    // Max open files            1024                 524288               files
    const soft = new RegExp(`^${name} +(\\S+)`, "m").exec(text)?.[1] ?? "unlimited";
    return soft === "unlimited" ? Infinity : Number(soft);
  };
  const fileSize = limit("Max file size");
  const addresses = limit("Max address space");
  const files = limit("Max open files");
  const core = limit("Max core file size");
  const wrong = fileSize < logSize
    ? [
      `no log is larger than ${formatSize(fileSize)}`,
      "ulimit -f unlimited, or LimitFSIZE=infinity in systemd",
    ]
    : addresses < Infinity
    ? [
      `addresses end at ${formatSize(addresses)}, logs and the runtime together`,
      "ulimit -v unlimited, or LimitAS=infinity in systemd",
    ]
    : files < FEW_FILES
    ? ["each open log takes files", "ulimit -n 65536, or LimitNOFILE=65536 in systemd"]
    : undefined;
  const or = (value: number) => value === Infinity ? null : value;
  return {
    check: "limits",
    status: wrong === undefined ? "ok" : "warning",
    found: `${files === Infinity ? "any number of" : files} open files, ` +
      (fileSize === Infinity ? "files of any size" : `files of up to ${formatSize(fileSize)}`) +
      (core === 0 ? ", no core dumps" : ", core dumps") +
      (wrong === undefined ? "" : `; ${wrong[0]}`),
    ...wrong !== undefined && { todo: wrong[1] },
    values: {
      openFiles: or(files),
      fileSize: or(fileSize),
      addressSpace: or(addresses),
      coreSize: or(core),
    },
  };
}

/** Whether this process is in a user namespace. */
export function userNamespace(): Finding {
  return namespaceFinding(readFileSync("/proc/self/uid_map", "utf8"));
}

/** What is found in the text of /proc/PID/uid_map. */
export function namespaceFinding(text: string): Finding {
  const ranges = text.trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const users = ranges.reduce((sum, [, , count = 0]) => sum + count, 0);
  const isWhole = users >= ALL_USERS;
  return {
    check: "user namespace",
    status: "ok",
    found: isWhole
      ? "that of the machine"
      : `one that knows ${users === 1 ? "1 user" : `${users} users`}: all others look like one`,
    values: { isWhole, users },
  };
}
