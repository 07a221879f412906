import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { browserCommand } from "../../src/cli/serve/browser_command.ts";

const FILE = "/home/a & b/$(x) %PATH%/open.html";

test("browserCommand() gives macOS and Linux the file as one argument", () => {
  assert.deepEqual(browserCommand(FILE, "darwin"), { program: "open", args: [FILE] });
  for (const platform of ["linux", "freebsd"]) {
    assert.deepEqual(browserCommand(FILE, platform), { program: "xdg-open", args: [FILE] });
  }
});

test("browserCommand() gives Windows' own program a URL that needs no quotes", () => {
  const { program, args } = browserCommand(FILE, "win32", "D:\\Win");
  assert.equal(program, "D:\\Win\\System32\\rundll32.exe");
  const [handler, url] = args;
  assert.deepEqual([args.length, handler], [2, "url.dll,FileProtocolHandler"]);
  assert.match(url, /^file:\/\/\/[^\s"]*open\.html$/);
  if (process.platform !== "win32") assert.equal(fileURLToPath(url), FILE);
});

test("browserCommand() finds Windows where it mostly is, if the environment does not say", () => {
  assert.equal(browserCommand(FILE, "win32").program, "C:\\Windows\\System32\\rundll32.exe");
});
