/**
 * Builds the npm package in `dist/npm`, packs it into `dist`, and looks it over as its users' tools
 * will. `deno task test:npm` installs and tests it.
 *
 * `deno task build:npm`
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { deadLinks } from "./links.ts";
import { buildPackage, folder } from "./npm/package.ts";
import { root, thisRuntime } from "./runtimes.ts";

const problems = await problemsOf(await buildPackage());
for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);

/** All that is wrong, as text; what is only worth a thought, too. */
async function problemsOf(tarball: string): Promise<string[]> {
  const { messages, pkg } = await publint({ pkgDir: folder, strict: true });
  const problems = messages.map((message) => `publint: ${formatMessage(message, pkg)}`);
  console.log(`publint: ${problems.length} problems`);
  // There is one build, of ES modules. attw would count it as a fault that CommonJS gets those, too.
  const { path, run } = thisRuntime();
  const attw = `${root}node_modules/@arethetypeswrong/cli/dist/index.js`;
  const flags = "--profile esm-only --no-color --format ascii".split(" ");
  const { status, stdout, stderr } = spawnSync(path, [...run, attw, tarball, ...flags], {
    encoding: "utf8",
  });
  console.log(`attw: ${status === 0 ? "no problems" : "problems"}`);
  if (status !== 0) problems.push(`attw: ${stdout}${stderr}`);
  return [...problems, ...deadLinks(folder)];
}
