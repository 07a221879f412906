/**
 * Terminals of Linux: the one that a process has, and pseudo-terminals for programs.
 *
 * @module
 */

import { closeSync, constants, openSync } from "node:fs";
import type { Driver, SymbolTable } from "../drivers/native.ts";
import { systemError } from "../system_error.ts";
import type { Terminals } from "../system.ts";

const CALLS = {
  cfmakeraw: { parameters: ["bytes"], result: "i32" },
  grantpt: { parameters: ["i32"], result: "i32" },
  ioctl: { parameters: ["i32", "i64", "bytes"], result: "i32" },
  ptsname_r: { parameters: ["i32", "bytes", "u64"], result: "i32" },
  tcgetattr: { parameters: ["i32", "bytes"], result: "i32" },
  tcsetattr: { parameters: ["i32", "i32", "bytes"], result: "i32" },
  unlockpt: { parameters: ["i32"], result: "i32" },
} as const satisfies SymbolTable;

const O_NOCTTY = 0o400;
const TIOCGWINSZ = 0x5413n;
const TIOCSWINSZ = 0x5414n;
/** After what is to be written has left. */
const TCSADRAIN = 1;
/** A `struct termios`, with room to spare for each C library. */
const SETTINGS_SIZE = 128;
/** Rows, columns, and two numbers that nobody uses. */
const SIZE_SIZE = 8;
const NAME_SIZE = 128;

/** Terminals on Linux. */
export function linuxTerminals(native: Driver, libc: string, errno: () => number): Terminals {
  const c = native.open(libc, CALLS);
  return {
    open() {
      // As posix_openpt() does it; Deno knows only the descriptors that it has opened.
      const descriptor = openSync("/dev/ptmx", constants.O_RDWR | O_NOCTTY);
      const name = new Uint8Array(NAME_SIZE);
      const result = c.grantpt(descriptor) || c.unlockpt(descriptor) ||
        c.ptsname_r(descriptor, name, BigInt(NAME_SIZE));
      const reason = errno();
      if (result !== 0) {
        closeSync(descriptor);
        throw systemError("openpt", "a terminal", reason);
      }
      return { descriptor, path: new TextDecoder().decode(name.subarray(0, name.indexOf(0))) };
    },
    size(descriptor) {
      const size = new Uint16Array(new ArrayBuffer(SIZE_SIZE));
      if (c.ioctl(descriptor, TIOCGWINSZ, new Uint8Array(size.buffer)) !== 0) return undefined;
      return { rows: size[0], columns: size[1] };
    },
    setSize(descriptor, { rows, columns }) {
      const size = new Uint16Array(new ArrayBuffer(SIZE_SIZE));
      size.set([rows, columns]);
      c.ioctl(descriptor, TIOCSWINSZ, new Uint8Array(size.buffer));
    },
    settings(descriptor) {
      const settings = new Uint8Array(SETTINGS_SIZE);
      return c.tcgetattr(descriptor, settings) === 0 ? settings : undefined;
    },
    raw(settings) {
      const raw = settings.slice();
      c.cfmakeraw(raw);
      return raw;
    },
    setSettings(descriptor, settings) {
      c.tcsetattr(descriptor, TCSADRAIN, settings);
    },
  };
}
