/**
 * What JSR asks of a package, and what its readers do: types that are said and not found out, every
 * export and member documented, and an example at the top of each entry point.
 *
 * `deno task check`
 */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { CLI, entries } from "./project.ts";
import { denoPath, root } from "./runtimes.ts";

const problems = [
  ...withoutExample(),
  ...misplaced(),
  ...undocumented(),
  ...unpublishable(),
];
for (const problem of problems) console.error(`${problem}\n`);
console.log(`JSR: ${entries.length} entry points, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);

/** What a module says of itself. */
function moduleComment(source: string): string {
  const [comment] = /^\/\*\*.*?\*\//s.exec(readFileSync(root + source, "utf8")) ?? [""];
  return comment;
}

/** Entry points whose module documentation has no example. */
function withoutExample(): string[] {
  return entries.flatMap(({ subpath, source }) => {
    const comment = moduleComment(source);
    // What can't be run without a server is "typescript", and only type-checked.
    const example = subpath === CLI ? /```sh\n/ : /```(ts|typescript)\n/;
    if (comment.includes("@module") && example.test(comment)) return [];
    return [`${source}: the module's documentation has no @module, or no example`];
  });
}

/** Text that JSR shows elsewhere than it stands: all behind `@example` is a part of it; or not at all. */
function misplaced(): string[] {
  return entries.flatMap(({ source }) => {
    const comment = moduleComment(source);
    const [, ...examples] = comment.replace(/```.*?```/gs, "").split("@example");
    const problems: string[] = [];
    if (examples.some((text) => /\n \* (?!@)\S/.test(text))) {
      problems.push(`${source}: what follows @example would be shown as a part of it`);
    }
    if (/^ \* #( |$)/m.test(comment)) {
      problems.push(`${source}: a line of code that begins with # would not be shown`);
    }
    return problems;
  });
}

/** What `deno doc --lint` says, but for types of other packages, which are documented there. */
function undocumented(): string[] {
  const { output } = deno(["doc", "--lint", ...entries.map(({ source }) => source)]);
  const errors = output.split(/^(?=error)/m).filter((part) => part.startsWith("error["));
  return errors.filter((error) => !isOfAnotherPackage(error));
}

function isOfAnotherPackage(error: string): boolean {
  const [, name] = /references private type '(\w+)'/.exec(error) ?? [];
  const [, path] = /--> (\S+?):\d/.exec(error) ?? [];
  if (name === undefined || path === undefined) return false;
  const imports = [...readFileSync(path, "utf8").matchAll(/^import\b([^;]*?)from "[^."][^"]*"/gm)];
  return imports.some(([, names]) => new RegExp(`\\b${name}\\b`).test(names));
}

/** What keeps it from being published. */
function unpublishable(): string[] {
  const { status, output } = deno(["publish", "--dry-run", "--allow-dirty", "--quiet"]);
  return status === 0 ? [] : [output];
}

function deno(args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(denoPath, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  if (error !== undefined) throw error;
  return { status, output: `${stdout}${stderr}` };
}
