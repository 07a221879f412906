/** The model in its small shapes: it holds, and wrong ones are caught. */

import assert from "node:assert/strict";
import test from "node:test";
import { runtimeName } from "../support/runtime.ts";
import { check, MUTANTS, QUICK_MUTANTS, SMALL_SHAPES, whatIsMissing } from "./model.ts";

// It runs no code of ours: once is enough.
const skip = runtimeName !== "deno" ? "checked under Deno" : whatIsMissing() ?? false;

for (const shape of SMALL_SHAPES) {
  test(`the protocol holds in the model (${shape.title})`, { skip }, async () => {
    assert.equal((await check(shape)).violated, undefined);
  });
}

for (const mutant of MUTANTS.filter(({ name }) => QUICK_MUTANTS.includes(name))) {
  test(`the model catches a protocol in which ${mutant.title}`, { skip }, async () => {
    assert.notEqual((await check(mutant)).violated, undefined);
  });
}
