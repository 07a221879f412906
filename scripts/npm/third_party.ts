/** The licenses of the packages that are built into the command line. */

import { readdirSync, readFileSync } from "node:fs";
import { root } from "../runtimes.ts";

/** A text with the license of each package, as these licenses ask for. */
export function thirdParty(folders: Iterable<string>): string {
  const parts = [...folders].map(noticeOf).sort();
  return `# Third party\n\nThe command line, \`dist/cli.js\`, has these packages in it:\n\n${
    parts.join("\n")
  }`;
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(
    readFileSync(`${root}${folder}/package.json`, "utf8"),
  );
  const file = readdirSync(`${root}${folder}`).find((file) => /^licen[sc]e/i.test(file));
  if (file === undefined) throw new Error(`${name} has no file with its license`);
  const text = readFileSync(`${root}${folder}/${file}`, "utf8").trim();
  return `## ${name} ${version} (${license})\n\n\`\`\`text\n${text}\n\`\`\`\n`;
}
