/** The guide to questions: each of its commands runs, and gives the same as jq. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import test, { after } from "node:test";
import { ShmLogWriter } from "../mod.ts";
import { parseQuestion } from "../src/records/question/question.ts";
import { runCli } from "./support/cli.ts";

const folder = mkdtempSync(`${tmpdir()}/ouroboros-test-`);
after(() => rmSync(folder, { recursive: true }));

const guide = readFileSync(new URL("../src/guides/questions.md", import.meta.url), "utf8");
const tables = guide.split(/^## /m).map((section) =>
  section.split("\n").filter((line) => line.startsWith("| ")).slice(2)
    .map((line) =>
      line.slice(2, -2).split(/ +\| /).map((cell) => cell.replaceAll("\\|", "|").trim())
    )
);
const hasJq = spawnSync("jq", ["--version"]).status === 0;

const START = Date.UTC(2026, 10, 21, 13, 59, 30);
const app = Array.from({ length: 60 }, (_, i) => {
  const status = [200, 200, 503, 200, 404, 200, 403, 502][i % 8];
  const level = i === 37 ? 60 : status >= 500 ? 50 : 30;
  return JSON.stringify({
    level,
    time: START + i * 250,
    msg: i % 9 === 8 ? "Timeout of the database" : "request completed",
    req: { method: i % 3 ? "GET" : "POST", url: ["/pay/1", "/health", "/pay/2", "/users"][i % 4] },
    status,
    ms: (i * 377) % 2000 + 0.5,
    ...i % 5 === 0 && { user: `u-${i % 10 + 2}` },
    ...i % 7 === 0 && { err: { code: i % 2 ? "ECONNRESET" : "ETIMEDOUT" } },
  });
});
const db = Array.from(
  { length: 20 },
  (_, i) => JSON.stringify({ level: 20, time: START + i * 700 + 1, msg: `query ${i}` }),
);

for (const [name, lines] of Object.entries({ app, db })) {
  writeFileSync(`${folder}/${name}.jsonl`, lines.map((line) => `${line}\n`).join(""));
  using log = ShmLogWriter.create({ path: `${folder}/${name}` }, { size: "256KiB" });
  for (const line of lines) log.write(line);
}

/** The words of a command, as a shell takes them. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
}

const numbersIn = (text: string) => text.match(/\d+(?:\.\d+)?/g)?.map(Number).sort() ?? [];

test("the guide has 22 questions", () => {
  assert.equal(tables[0].length, 22);
  // The question, ours, of jq, and of lnav, which is not run here.
  for (const cells of tables[0]) assert.equal(cells.length, 4, cells[0]);
});

for (const [question, ours, theirs] of tables[0]) {
  test(`${question} ${ours}`, () => {
    const words = wordsOf(ours.slice(1, -1)).slice(1)
      .map((word) => word === "/app" || word === "/db" ? `${folder}${word}` : word);
    const { code, stdout, stderr } = runCli(words);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.notEqual(stdout, "");
    if (!hasJq) return;
    const jq = spawnSync("sh", ["-c", theirs.slice(1, -1)], { cwd: folder, encoding: "utf8" });
    assert.equal(jq.stderr, "");
    if (/--count-by|--stats|--every/.test(ours)) {
      assert.deepEqual(numbersIn(stdout), numbersIn(jq.stdout));
    } else if (ours.includes("csv")) {
      // It puts quotes around all text.
      assert.equal(stdout, jq.stdout.replaceAll('"', ""));
    } else assert.equal(stdout, jq.stdout);
  });
}

test("each question in the table of what a question is made of can be asked", () => {
  const cells = tables[1].map(([written]) => written);
  assert.ok(cells.length >= 12);
  for (const cell of cells) {
    for (const [, written] of cell.matchAll(/`([^`]*)`/g)) parseQuestion(written);
  }
});
