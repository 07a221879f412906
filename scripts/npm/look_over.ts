/** What publint and attw (Are the types wrong?) say of the package. */

import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { dirname, join } from "node:path";
import { readFileSync } from "node:fs";
import { deadLinks } from "../links.ts";
import { thisRuntime } from "../runtimes.ts";
import { folder } from "./package.ts";

/** All that is wrong, as text; what is only worth a thought, too. */
export async function problemsOf(tarball: string): Promise<string[]> {
  const { messages, pkg } = await publint({ pkgDir: folder, strict: true });
  const problems = messages.map((message) => `publint: ${formatMessage(message, pkg)}`);
  console.log(`publint: ${problems.length} problems`);
  // There is one build, of ES modules. attw would count it as a fault that CommonJS gets those, too.
  const { path, run } = thisRuntime();
  const { status, stdout, stderr } = spawnSync(path, [
    ...run,
    attw(),
    tarball,
    ..."--profile esm-only --no-color --format ascii".split(" "),
  ], { encoding: "utf8" });
  console.log(`attw: ${status === 0 ? "no problems" : "problems"}`);
  if (status !== 0) problems.push(`attw: ${stdout}${stderr}`);
  return [...problems, ...deadLinks(folder)];
}

function attw(): string {
  const manifest = createRequire(import.meta.url).resolve("@arethetypeswrong/cli/package.json");
  const { bin } = JSON.parse(readFileSync(manifest, "utf8"));
  return join(dirname(manifest), bin.attw);
}
