/** What a release changes, and what keeps it from being made. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { dated, mayFollow, released, withVersion } from "../../scripts/release_texts.ts";

const root = new URL("../../", import.meta.url);

test("dated() dates the newest version, once, if it has an entry", () => {
  const text = "# Changelog\n\n## 0.2.0 (not released)\n\n- a\n\n## 0.1.0 (2026-01-01)\n\n- b\n";
  const after = dated(text, "0.2.0", "2026-02-01");
  assert.equal(after, text.replace("not released", "2026-02-01"));
  assert.throws(() => dated(after, "0.2.0", "2026-02-02"), /is of 2026-02-01/);
  assert.throws(() => dated(text, "0.3.0", "2026-02-02"), /begins with 0.2.0/);
  assert.throws(() => dated(text.replace("- a\n", ""), "0.2.0", "2026-02-02"), /says nothing/);
  assert.throws(() => dated("# Changelog\n", "0.2.0", "2026-02-02"), /has no heading/);
});

test("released() has the README install the package by its name, and keeps the rest", () => {
  const text =
    "# a\n\nThe package is not published yet. Build it:\n\n```sh\nmake\n```\n\nIt runs.\n";
  const after = released(text, "@a/b");
  assert.match(after, /^# a\n\n```sh\nnpm install @a\/b [^]*\n```\n\nIt runs\.\n$/);
  assert.equal(released(after, "@a/b"), after);
  assert.throws(() => released(`${text}It is not published.\n`, "@a/b"), /no release expects it/);
  assert.throws(() => released(text.replace("yet", "so far"), "@a/b"), /no release expects it/);

  const readme = readFileSync(new URL("README.md", root), "utf8");
  assert.ok(released(readme, "@ouroboros/log").includes("npm install @ouroboros/log "));
});

test("mayFollow() lets versions grow, and one be released that is there already", () => {
  const versions = ["0.1.0-beta.2", "0.1.0-beta.10", "0.1.0", "0.1.1", "0.2.0", "0.10.0", "1.0.0"];
  for (const [i, next] of versions.entries()) {
    for (const [j, current] of versions.entries()) {
      assert.equal(mayFollow(next, current), i >= j, `${next} after ${current}`);
    }
  }
  for (const wrong of ["1", "1.2", "v1.2.3", "1.2.3.4", "1.2.x", ""]) {
    assert.throws(() => mayFollow(wrong, "0.1.0"), /is no version/, wrong);
  }
});

test("withVersion() changes the version of deno.json, and nothing else", () => {
  const text = readFileSync(new URL("deno.json", root), "utf8");
  const { version, ...others } = JSON.parse(text);
  const { version: changed, ...same } = JSON.parse(withVersion(text, "99.0.0"));
  assert.equal(changed, "99.0.0");
  assert.deepEqual(same, others);
  assert.equal(withVersion(text, version), text);
});

test("workflows call tasks that there are", () => {
  const { tasks } = JSON.parse(readFileSync(new URL("deno.json", root), "utf8"));
  const folder = new URL(".github/workflows/", root);
  const called = readdirSync(folder).flatMap((
    file,
  ) => [...readFileSync(new URL(file, folder), "utf8").matchAll(/deno task ([\w:]+)/g)]);
  assert.ok(called.length > 3);
  for (const [, task] of called) assert.ok(task in tasks, task);
});
