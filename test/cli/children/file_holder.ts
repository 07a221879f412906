/** Has a file of Windows open for some milliseconds, alone: `file_holder.ts PATH MS`. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import process from "node:process";
import { driver } from "../../../ffi/drivers/driver.ts";

const GENERIC_READ = 0x80000000 | 0;
const OPEN_EXISTING = 3;

const [path, time] = process.argv.slice(2);
const { CreateFileW } = driver().open("kernel32.dll", {
  CreateFileW: { parameters: ["bytes", "i32", "i32", "u64", "i32", "i32", "u64"], result: "u64" },
});
const name = Buffer.from(`${path}\0`, "utf16le");
const handle = BigInt(CreateFileW(name, GENERIC_READ, 0, 0n, OPEN_EXISTING, 0, 0n));
assert.notEqual(BigInt.asUintN(64, handle), 0xffffffffffffffffn);
console.log("held");
// The end of the process closes it.
setTimeout(() => process.exit(0), Number(time));
