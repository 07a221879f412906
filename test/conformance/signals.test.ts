/** Writers that close their logs whatever ends them: signals, `exit`, or the end of what there was to do. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { onProcessEnd } from "../../ffi/mod.ts";
import { testFolder } from "../support/folder.ts";
import { pressCtrlC, startChild, thisRuntime } from "../support/runtime.ts";
import { isWindows, needsConsole, needsSignals } from "../support/platform.ts";
import { logPlaces } from "../support/log_places.ts";

const folder = testFolder("signals");

const signalled = new URL("children/signalled.ts", import.meta.url);

for (const { title, target: newTarget, isThere } of logPlaces(folder)) {
  for (const how of ["SIGINT", "SIGTERM", "exit", "end"] as const) {
    test(`${title}: handleSignals closes and removes the log on ${how}`, {
      skip: how === "SIGTERM" && needsSignals || how === "SIGINT" && needsConsole,
    }, async () => {
      const target = newTarget();
      const kind = typeof target === "string" ? target : target.path;
      const args = [kind, typeof target === "string" ? "name" : "path", how];
      const child = startChild(signalled, args, thisRuntime, how === "SIGINT");
      assert.equal(await child.nextLine(), "written");
      assert.equal(isThere(target), true);
      if (how === "exit" || how === "end") await child.say("go");
      else if (isWindows) pressCtrlC(child.pid);
      else child.process.kill(how);
      const expected = { exit: 3, end: 0, SIGINT: isWindows ? 1 : how, SIGTERM: how };
      assert.equal(await child.ended(), expected[how]);
      assert.equal(isThere(target), false);
    });
  }
}

test("a listener for one signal, added before ours, ends the process in its own time", {
  skip: needsSignals,
}, async () => {
  const child = startChild(new URL("children/signalled_once.ts", import.meta.url), []);
  assert.equal(await child.nextLine(), "ready");
  // Deno takes a child that it was told to kill for killed.
  process.kill(child.pid, "SIGTERM");
  // What the library has to do waits for the end: the listener may still log.
  assert.equal(await child.nextLine(), "finished, 0 closed");
  assert.equal(await child.nextLine(), "at the end 2 closed");
  assert.equal(await child.ended(), 7);
});

test("the ends of many things are one listener, and end the process once", {
  skip: needsSignals,
}, async () => {
  const before = process.listenerCount("SIGTERM");
  const undo = Array.from({ length: 20 }, () => onProcessEnd(() => {}));
  const ours = process.listenerCount("SIGTERM") - before;
  for (const forget of undo) forget();
  assert.ok(ours <= 2, `${ours} listeners`);
  assert.equal(process.listenerCount("SIGTERM"), before);
  const child = startChild(new URL("children/signalled_once.ts", import.meta.url), ["nobody"]);
  assert.equal(await child.nextLine(), "ready");
  child.process.kill("SIGTERM");
  assert.equal(await child.ended(), "SIGTERM");
});
