/** Columns of a terminal. */

import assert from "node:assert/strict";
import test from "node:test";
import { shortened, table } from "../../src/cli/output/columns.ts";
import { fit } from "../../src/cli/top/words.ts";

test("table() aligns columns, also after letters that take two of them or none", () => {
  assert.equal(
    table([["NAME", "N", "S"], ["/日本", 1, "x"], ["/e\u0301🎉", 23, "y"]]),
    "NAME    N  S\n/日本   1  x\n/e\u0301🎉   23  y\n",
  );
});

test("shortened() and fit() count columns, and cut no letter in two", () => {
  assert.equal(shortened("/日本語", 7), "/日本語");
  assert.equal(shortened("/日本語", 6), "/日本…");
  assert.equal(shortened("/👩‍👩‍👧x", 3), "/…");
  assert.equal(fit("/日本語", 5, false), "/日… ");
  assert.equal(fit("日", 4, true), "  日");
});
