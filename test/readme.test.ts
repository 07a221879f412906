/** The README and the guides: the first two examples, the commands, the links. */

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import test from "node:test";
import { SharedMemory } from "../ffi/mod.ts";
import { deadLinks, linksIn, markdownFiles } from "../scripts/links.ts";
import { runReadme } from "../scripts/readme.ts";
import { root } from "../scripts/runtimes.ts";
import { createProgram } from "../src/cli/program.ts";
import { thisRuntime, uniqueName } from "./support/runtime.ts";

const documents = markdownFiles(root);
const textOf = (file: string) => readFileSync(root + file, "utf8");

test("the README's reader sees what its writer writes, also after a kill -9 of the writer", async () => {
  const folder = mkdtempSync(`${tmpdir()}/ouroboros-readme-`);
  const log = uniqueName("readme");
  const library = new URL("../mod.ts", import.meta.url).href;
  try {
    await runReadme(textOf("README.md"), thisRuntime, folder, { log, library });
  } finally {
    SharedMemory.unlink(log);
    rmSync(folder, { recursive: true });
  }
});

test("the README has at most 150 lines", () => {
  const lines = textOf("README.md").trimEnd().split("\n").length;
  assert.ok(lines <= 150, `${lines} lines`);
});

test("links of the README and of the guides lead to files and headings that are there", () => {
  assert.ok(documents.length > 10, documents.join());
  assert.ok(linksIn(textOf("README.md")).length > 10);
  assert.deepEqual(deadLinks(root), []);
});

test("links of module documentation lead to guides that are there", () => {
  const sources = ["mod.ts", ...sourcesIn("src"), ...sourcesIn("ffi")];
  // From the root of the package, as JSR takes them, wherever the module is.
  const links = sources.flatMap((file) =>
    [...textOf(file).matchAll(/\]\((\S+\.md)(?:#[^)]*)?\)/g)].map(([, link]) => link)
  );
  assert.ok(links.length > 10, links.join());
  for (const link of links) assert.ok(documents.includes(link), link);
});

function sourcesIn(folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts")).map((file) => `${folder}/${file}`);
}

test("tasks and benchmarks that documents name are there", () => {
  const { tasks } = JSON.parse(textOf("deno.json"));
  const benchmarks = textOf("bench/main.ts");
  for (const file of documents) {
    const text = textOf(file);
    for (const [, task] of text.matchAll(/\bdeno(?:@[\d.]+)? task ([a-z][\w:]*)/g)) {
      assert.ok(task in tasks, `${file}: deno task ${task}`);
    }
    for (const [, names] of text.matchAll(/\b(?:bench\/main\.ts|task bench) ([a-z][\w ]*)/g)) {
      for (const name of names.trim().split(" ")) {
        assert.match(benchmarks, new RegExp(`^  ${name}: `, "m"), `${file}: bench ${name}`);
      }
    }
  }
});

/** The words of the commands of `ouroboros` in a line of a shell. */
function commandsIn(line: string): string[][] {
  const words = line.matchAll(/"([^"]*)"|'([^']*)'|#.*$|[|&;<>]+|[^\s|&;<>"']+/g);
  const commands: string[][] = [[]];
  for (const [word, double, single] of words) {
    if (/^#/.test(word)) break;
    if (/^[|&;<>]/.test(word)) commands.push([]);
    else commands[commands.length - 1].push(double ?? single ?? word);
  }
  return commands.filter(([name]) => name === "ouroboros").map(([, ...args]) => args);
}

for (const file of documents) {
  const blocks = [...textOf(file).matchAll(/^```sh\n([^]*?)^```/gm)].map(([, text]) => text);
  const commands = blocks.join("").split("\n").flatMap(commandsIn);
  if (commands.length === 0) continue;
  test(`the commands in ${file} have the arguments and options that they use`, async () => {
    for (const args of commands) {
      const program = await createProgram();
      let said = "";
      let isRun = false;
      program.configureOutput({ writeErr: (text) => said += text });
      for (const command of program.commands) {
        command.configureOutput({ writeErr: (text) => said += text });
        command.exitOverride().action(() => void (isRun = true));
      }
      await program.parseAsync(args, { from: "user" }).catch((error) => said += error.message);
      assert.ok(isRun, `ouroboros ${args.join(" ")}: ${said}`);
    }
  });
}
