/** A log in a layer of an image, which is copied when its writer opens it: overlayfs. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { ShmLogWriter } from "../../mod.ts";
import { needsNamespaces } from "../support/platform.ts";
import { runScript } from "../support/runtime.ts";

const MOUNT = `
mount -t tmpfs ouroboros "$1" && cd "$1" && mkdir lower upper work merged && cp "$2" lower/log &&
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged || exit 1
cd / && shift 2 && exec "$@"`;

test(
  "a reader that was there before the writer knows that it reads another file, and can go over",
  {
    skip: needsNamespaces,
  },
  (t) => {
    const folder = mkdtempSync(join(tmpdir(), "ouroboros-layers-"));
    const image = mkdtempSync(join(tmpdir(), "ouroboros-image-"));
    try {
      const path = join(image, "log");
      const writer = ShmLogWriter.create({ path }, { chunkSize: 4000, chunkCount: 2 });
      writer.write("first");
      writer.close();
      const child = new URL("children/layered.ts", import.meta.url);
      const before = ["unshare", "--mount", "sh", "-c", MOUNT, "sh", folder, path];
      const { stdout, stderr } = runScript(child, [join(folder, "merged/log")], { before });
      if (/^(unshare|mount):/m.test(stderr)) return t.skip(stderr.trim());
      assert.notEqual(stdout, "", stderr);
      assert.deepEqual(JSON.parse(stdout), {
        before: ["first"],
        wasReplaced: false,
        isReplaced: [true, true],
        pread: ["first", "second"],
        reopened: true,
        after: ["second"],
        numbers: [2, 0],
        isReplacedAfter: false,
        followed: ["first", "second"],
        current: true,
      });
    } finally {
      rmSync(folder, { recursive: true });
      rmSync(image, { recursive: true });
    }
  },
);
