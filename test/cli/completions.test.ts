/** `ouroboros completions`, in the shells themselves. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import test from "node:test";
import { SharedMemory } from "../../ffi/mod.ts";
import { ShmLogWriter } from "../../mod.ts";
import { complete, completionLines } from "../../src/cli/completions/complete.ts";
import { createProgram } from "../../src/cli/program.ts";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { complaintsIn, isWindows } from "../support/platform.ts";
import { scriptCommand, uniqueName } from "../support/runtime.ts";

const folder = testFolder("completions");

// The program under its name, on this runtime.
const [command, fixed] = scriptCommand(
  fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url)),
);
writeFileSync(
  `${folder}/ouroboros`,
  `#!/bin/sh\nexec ${[command, ...fixed].map((word) => `'${word}'`).join(" ")} "$@"\n`,
);
chmodSync(`${folder}/ouroboros`, 0o755);
writeFileSync(`${folder}/some file.log`, "");
const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, NO_COLOR: "1" };

const program = await createProgram();

/** What may come last, `:files` for any file. */
function candidates(...words: string[]): string[] {
  const lines = completionLines(complete(program, words)).split("\n").filter(Boolean);
  return lines.map((line) => line.split("\t")[0]);
}

test("commands, options, their values and arguments are known from the commands themselves", () => {
  const commands = candidates("");
  for (const name of ["write", "tail", "save", "record", "top", "completions"]) {
    assert.ok(commands.includes(name), name);
  }
  assert.ok(!commands.includes("__complete"));
  assert.ok(!commands.includes("dump") && commands.includes("help"));
  assert.deepEqual(candidates("help", "sta"), ["stat"]);
  assert.deepEqual(candidates("tail", "--level", "w"), ["warn"]);
  assert.deepEqual(candidates("tail", "--from", "o"), ["oldest"]);
  assert.deepEqual(candidates("dump", "--format", "j"), ["json"]);
  assert.deepEqual(candidates("sta"), ["stat"]);
  assert.ok(candidates("record", "--").includes("--max-size"));
  assert.deepEqual(candidates("record", "--max"), ["--max-size"]);
  assert.deepEqual(candidates("stat", "-o", "j"), ["json"]);
  assert.deepEqual(candidates("stat", "--output=j"), ["json"]);
  assert.deepEqual(candidates("stat", "--output", "=", "j"), ["json"]);
  assert.deepEqual(candidates("completions", ""), ["bash", "zsh", "fish", "powershell"]);
  // Windows PowerShell can't pass an empty word on.
  assert.deepEqual(candidates("completions", ":empty"), candidates("completions", ""));
  assert.deepEqual(candidates(":empty"), candidates(""));
  assert.deepEqual(candidates("record", "/x", ""), [":files"]);
  assert.deepEqual(candidates("record", "/x", "y", ""), []);
  assert.deepEqual(candidates("record", "--max-size", ""), []);
  assert.deepEqual(candidates("no-such", ""), []);
  // Another program, not a command of ours.
  assert.deepEqual(candidates("run", "--", ""), [":files"]);
  assert.deepEqual(candidates("run", "--save", ""), [":files"]);
  assert.deepEqual(candidates("doctor", ""), [":files"]);
});

test("names of logs are completed, and no others, and none that a shell could run", () => {
  const name = uniqueName("complete");
  using _log = ShmLogWriter.create(name, { unlinkOnClose: true, chunkSize: 1024, chunkCount: 1 });
  using _evil = ShmLogWriter.create(`${name}$(touch x)`, {
    unlinkOnClose: true,
    chunkSize: 1024,
    chunkCount: 1,
  });
  using _other = SharedMemory.create(`${name}-other`, 4096);
  try {
    assert.deepEqual(candidates("tail", name), [name, ":files"]);
    // On Windows it is another name without its slash.
    const bare = isWindows ? [] : [name.slice(1)];
    assert.deepEqual(candidates("tail", name.slice(1)), [...bare, ":files"]);
    assert.deepEqual(candidates("dump", "--name", name), [name, ":files"]);
    assert.deepEqual(candidates("tail", "--", name), [name, ":files"]);
  } finally {
    SharedMemory.unlink(`${name}-other`);
  }
});

const SHELLS = {
  bash: (line: string[]) => [
    "--norc",
    "-c",
    `source <(ouroboros completions bash)
     COMP_WORDS=(${line.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${line.length - 1}
     _ouroboros; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  zsh: (line: string[]) => [
    "-f",
    "-c",
    `compdef() { registered=$1 }
     source <(ouroboros completions zsh); [[ $registered == _ouroboros ]] || exit 1
     _describe() { print -l -- "\${values[@]%%:*}" }
     _files() { print -l -- *(N) }
     words=(${line.map((word) => `'${word}'`).join(" ")}); CURRENT=${line.length}; _ouroboros`,
  ],
  fish: (line: string[]) => [
    "--no-config",
    "-c",
    `ouroboros completions fish | source; complete -C '${line.join(" ")}'`,
  ],
  pwsh: (line: string[]) => [
    "-NoProfile",
    "-Command",
    `ouroboros completions powershell | Out-String | Invoke-Expression
     (TabExpansion2 '${line.join(" ")}' ${line.join(" ").length}).CompletionMatches.CompletionText`,
  ],
};

for (const [shell, args] of Object.entries(SHELLS)) {
  const isThere = spawnSync(shell, ["-c", "true"]).status === 0;
  const skip = isThere ? false : `${shell} is not installed`;

  test(`${shell} completes commands, logs and files`, { skip }, () => {
    using log = ShmLogWriter.create(uniqueName("complete"), {
      unlinkOnClose: true,
      chunkSize: 1024,
      chunkCount: 1,
    });
    const completed = (...line: string[]) => {
      const { stdout, stderr } = spawnSync(shell, args(["ouroboros", ...line]), {
        env,
        cwd: folder,
        encoding: "utf8",
      });
      assert.equal(complaintsIn(stderr), "", shell);
      return stdout.trimEnd().split("\n").map((found) => found.split("\t")[0]);
    };
    assert.deepEqual(completed("verif"), ["verify"]);
    assert.ok(completed("tail", log.name.slice(0, -1)).includes(log.name));
    const files = completed("record", "/x", "so");
    assert.ok(files.some((file) => /^some(\\? |\\\\ )file\.log$/.test(file)), files.join());
  });
}

test("the script for PowerShell closes what it opens, and has no name but ours to run", () => {
  const { code, stdout } = runCli(["completions", "powershell"]);
  assert.equal(code, 0);
  // Without what stands in quotes, of which it has only single ones.
  assert.doesNotMatch(stdout, /["`]/);
  const bare = stdout.replace(/'[^'\n]*'/g, "");
  assert.doesNotMatch(bare, /'/);
  const open: string[] = [];
  for (const [bracket] of bare.matchAll(/[(){}[\]]/g)) {
    if ("({[".includes(bracket)) open.push(bracket);
    else assert.equal(open.pop(), { ")": "(", "}": "{", "]": "[" }[bracket], bare);
  }
  assert.deepEqual(open, []);
  assert.deepEqual(stdout.match(/& \S+ \S+/g), ["& $command __complete"]);
  assert.match(stdout, /-CommandName ouroboros /);
});
