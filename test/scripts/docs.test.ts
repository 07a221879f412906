/** The guides and the API reference as HTML. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import test from "node:test";
import { sameOnAll } from "../support/runtime.ts";

test("the documentation builds, and no link in it is dead", { skip: sameOnAll }, async () => {
  const { buildDocs, deadPageLinks } = await import("../../scripts/docs.ts");
  const folder = mkdtempSync(`${tmpdir()}/ouroboros-docs-`);
  try {
    buildDocs(folder);
    assert.match(readFileSync(`${folder}/src/guides/sizes.html`, "utf8"), /<h2 id="compressed">/);
    assert.ok(existsSync(`${folder}/api/index.html`));
    assert.deepEqual(deadPageLinks(folder), []);
    writeFileSync(
      `${folder}/bad.html`,
      '<a href="index.html#no-such"></a><a href="gone.html"></a>',
    );
    assert.deepEqual(deadPageLinks(folder), [
      "bad.html: index.html#no-such",
      "bad.html: gone.html",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
