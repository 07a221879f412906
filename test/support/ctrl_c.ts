/** Presses Ctrl-C in the console of another process of Windows: `ctrl_c.ts PID`. */

import assert from "node:assert/strict";
import process from "node:process";
import { driver } from "../../ffi/drivers/driver.ts";

const CTRL_C = 0;

const console = driver().open("kernel32.dll", {
  AttachConsole: { parameters: ["i32"], result: "i32" },
  FreeConsole: { parameters: [], result: "i32" },
  GetConsoleProcessList: { parameters: ["bytes", "i32"], result: "i32" },
  GenerateConsoleCtrlEvent: { parameters: ["i32", "i32"], result: "i32" },
  SetConsoleCtrlHandler: { parameters: ["u64", "i32"], result: "i32" },
});

// A process has one console at most; and this one is not to be ended by what it does.
console.FreeConsole();
assert.notEqual(console.AttachConsole(Number(process.argv[2])), 0, "no console");
// All in a console get it: there must be nobody but the other one and this one. Wine does not tell.
assert.ok(console.GetConsoleProcessList(new Uint8Array(16), 4) <= 2, "a console of others, too");
assert.notEqual(console.SetConsoleCtrlHandler(0n, 1), 0);
assert.notEqual(console.GenerateConsoleCtrlEvent(CTRL_C, 0), 0);
process.exit(0);
