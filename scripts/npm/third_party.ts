/** The licenses of the packages that are built into the command line. */

import { readdirSync, readFileSync } from "node:fs";

/** What one package says of itself. */
interface Notice {
  /** Its name and version. */
  title: string;
  /** Who has the copyright. */
  copyright: string[];
  /** The license itself. */
  terms: string;
}

/** A text with the copyright of each package, and each license once, as these licenses ask for. */
export function thirdParty(folders: Iterable<string>): string {
  const byTerms = new Map<string, Notice[]>();
  for (const notice of [...folders].sort().map(noticeOf)) {
    const key = notice.terms.toLowerCase().replace(/\W+/g, " ");
    byTerms.set(key, [...byTerms.get(key) ?? [], notice]);
  }
  const parts = [...byTerms.values()].map((notices) =>
    `${
      notices.map(({ title, copyright }) => `- ${[title, ...copyright].join(", ")}`).join("\n")
    }\n\n${notices[0].terms}\n`
  );
  return `# Third party\n\nThe command line, \`dist/cli.js\`, has these packages in it.\n\n${
    parts.join("\n")
  }`;
}

function noticeOf(folder: string): Notice {
  const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(`${folder}`).find((file) => /^licen[sc]e/i.test(file));
  if (file === undefined) throw new Error(`${name} has no file with its license`);
  const paragraphs = readFileSync(`${folder}/${file}`, "utf8").trim().split(/\n\s*\n/)
    .map((text) => text.replace(/\s*\n\s*/g, " ").trim());
  const isCopyright = (text: string) => /^copyright/i.test(text);
  const copyright = paragraphs.filter(isCopyright);
  if (copyright.length === 0) throw new Error(`the license of ${name} says no copyright`);
  // But for a title, which not all have.
  const terms = paragraphs.filter((text) => !isCopyright(text) && !/^[^.]{0,40}$/.test(text));
  return { title: `${name} ${version}`, copyright, terms: terms.join("\n\n") };
}
