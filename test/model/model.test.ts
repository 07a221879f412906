/** The model in its small shapes: it holds, and wrong ones are caught. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { runtimeName } from "../support/runtime.ts";
import { check, MUTANTS, QUICK_MUTANTS, SMALL_SHAPES, whatIsMissing } from "./model.ts";

// It runs no code of ours: once is enough.
const skip = runtimeName !== "deno" ? "checked under Deno" : whatIsMissing() ?? false;
/** A whole run takes what is searched in a second or two; most of that is the compiler's. */
const skipLong = skip || process.env.LEFT_TO !== undefined &&
    "takes long: deno task model, or deno task test deno model, runs it";
const LONG_MUTANTS = [
  "OLD_FIRST_HEADER",
  "NO_INVALIDATION",
  "NO_NEXT_HEADER",
  "COMMIT_BEFORE_PAYLOAD",
  "BATCH_HEAD_FIRST",
  "FLAG_NOT_TAKEN_BACK",
  "SAME_ID",
  "ID_LAST",
];

for (const shape of SMALL_SHAPES) {
  const isLong = shape.define.CRASHES !== 0 || "RESTARTS" in shape.define;
  test(`the protocol holds in the model (${shape.title})`, {
    skip: isLong ? skipLong : skip,
  }, async () => {
    assert.equal((await check(shape)).violated, undefined);
  });
}

for (const mutant of MUTANTS.filter(({ name }) => QUICK_MUTANTS.includes(name))) {
  test(`the model catches a protocol in which ${mutant.title}`, {
    skip: LONG_MUTANTS.includes(mutant.name) ? skipLong : skip,
  }, async () => {
    assert.notEqual((await check(mutant)).violated, undefined);
  });
}
