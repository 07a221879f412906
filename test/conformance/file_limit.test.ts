/** Logs of processes that may have small files only: `ulimit -f`, which holds for segments, too. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import test from "node:test";
import { runScript } from "../support/runtime.ts";

const script = new URL("children/file_limit.ts", import.meta.url);
const skip = process.platform === "linux" ? false : "only on Linux the limit is asked for";

// More than the caches of Deno, which it writes under the same limit. A shell counts in blocks of 512 bytes.
const LIMIT = 256 << 20;

test("what may not get so large is a NoSpaceError that tells the limit, and the process lives on", {
  skip,
}, () => {
  const folder = mkdtempSync(`${tmpdir()}/ouroboros-limit-`);
  try {
    const { stdout, stderr, signal } = runScript(script, [folder], {
      before: ["sh", "-c", `ulimit -f ${LIMIT / 512} && exec "$@"`, "sh"],
    });
    assert.equal(signal, null, stderr);
    const lines = stdout.trim().split("\n");
    assert.equal(lines.pop(), "default size: made");
    assert.deepEqual(
      lines.map((line) => line.slice(0, line.indexOf(":"))),
      [
        "segment",
        "segment without reserve",
        "file",
        "file without reserve",
        "partial file",
        "grown file",
        "log",
        "log in a file",
        "ring",
        "circular",
        "events",
      ],
    );
    for (const line of lines) {
      assert.match(
        line,
        new RegExp(`: NO_SPACE: .* of \\d+ bytes exceeds the ${LIMIT} bytes .*\\(ulimit -f\\)`),
      );
    }
    assert.deepEqual(readdirSync(folder), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
