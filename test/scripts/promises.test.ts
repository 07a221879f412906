/** The table of promises: its sentences stand in the documents, and its tests are there. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";
import { root } from "../../scripts/runtimes.ts";
import { sameOnAll } from "../support/runtime.ts";

/** One sentence, or some that belong together, and what holds them. */
interface Promised {
  /** The sentences; a row of a table is one of its own. */
  said: string[];
  held: string[];
}

/** A section of a document. */
interface Section {
  document: string;
  title: string;
  /** Whether each of its sentences is here. */
  isWhole: boolean;
  promises: Promised[];
}

const textOf = (file: string) => readFileSync(root + file, "utf8");

/** Without what only changes how it looks. */
function plain(markdown: string): string {
  return markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\*\*|`|\\/g, "")
    .replace(/(?<!\w)_([^_]+)_(?!\w)/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}

/** What stands under a heading, without examples; cells of tables are parted by ` | `. */
function sectionOf(document: string, title: string): string {
  const text = textOf(document).replace(/^```[^]*?^```$/gm, "");
  const start = text.split("\n").findIndex((line) => plain(line.replace(/^#+ /, "")) === title);
  assert.ok(start >= 0, `${document} has no section "${title}"`);
  const lines = text.split("\n").slice(start + 1);
  const end = lines.findIndex((line) => /^#+ /.test(line));
  return (end < 0 ? lines : lines.slice(0, end))
    .map((line) =>
      line.replace(/^\|(.*)\|$/, (_, cells: string) => cells.replace(/ *\| */g, " | "))
    )
    .map((line) => line.replace(/^\s*- /, ""))
    .join("\n");
}

function parse(text: string): Section[] {
  const sections: Section[] = [];
  let document = "";
  for (const block of text.replace(/\n +(?=[^\s-]|-\S)/g, " ").split("\n")) {
    const [, level, title] = /^(##|###) (.*)$/.exec(block) ?? [];
    const section = sections.at(-1);
    if (level === "##") document = plain(title);
    else if (level === "###") {
      const isWhole = title.endsWith(" (whole)");
      const name = plain(title.replace(/ \(whole\)$/, ""));
      sections.push({ document, title: name, isWhole, promises: [] });
    } else if (/^- /.test(block)) {
      const said = block.slice(2).split(/\\ /).map(plain);
      section!.promises.push({ said, held: [] });
    } else if (/^ +- /.test(block)) {
      section!.promises.at(-1)!.held.push(plain(block.replace(/^ +- /, "")));
    }
  }
  return sections;
}

const sections = parse(textOf(".github/PROMISES.md"));

test("each promise stands in its document", { skip: sameOnAll }, () => {
  assert.ok(sections.length > 50, `${sections.length} sections`);
  for (const { document, title, promises } of sections) {
    const section = plain(sectionOf(document, title));
    assert.ok(promises.length > 0, `${document}, ${title}: nothing`);
    for (const sentence of promises.flatMap(({ said }) => said)) {
      assert.ok(section.includes(sentence), `${document}, ${title}, has no "${sentence}"`);
    }
  }
});

test("nothing is missing of a section that is marked as whole", { skip: sameOnAll }, () => {
  const whole = sections.filter(({ isWhole }) => isWhole);
  assert.ok(whole.length > 20, `${whole.length} sections`);
  for (const { document, title, promises } of whole) {
    // The heads of tables say what the cells are.
    const section = sectionOf(document, title).replace(/^.*\n(?=[ |:-]+$)/gm, "");
    const left = promises.flatMap(({ said }) => said)
      .sort((a, b) => b.length - a.length)
      .reduce((text, sentence) => text.replace(sentence, ""), plain(section));
    assert.equal(left.replace(/[^\p{L}\d]+/gu, " ").trim(), "", `${document}, ${title}`);
  }
});

test("the tables of sizes are what their formula gives", { skip: sameOnAll }, () => {
  const units: Record<string, number> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };
  const entriesOf = (chunks: number, size: number) => (chunks - 1) * size / 104;
  const isAbout = (text: string, value: number) => {
    const [, number, unit] = /^([\d.]+) (s|min|h|days)$/.exec(text)!;
    const said = Number(number) * { s: 1, min: 60, h: 3600, days: 86_400 }[unit]!;
    assert.ok(Math.abs(said - value) <= 0.06 * value, `${text} is not ${value} s`);
  };

  const spans = [
    ...textOf("src/guides/sizes.md").matchAll(
      /^\| (\d+) × (\d+) (.iB) = \d+ .iB.*?\| +([\d,]+) \|(.*)\|$/gm,
    ),
  ];
  assert.equal(spans.length, 4);
  for (const [, chunks, size, unit, entries, times] of spans) {
    const most = entriesOf(Number(chunks), Number(size) * units[unit]);
    assert.equal(Number(entries.replaceAll(",", "")), Math.floor(most));
    for (const [i, time] of times.split("|").entries()) isAbout(time.trim(), most / 10 ** (i + 2));
  }

  const rooms = [
    ...textOf("src/guides/containers.md").matchAll(
      /^\| +(\d+) \| `(\d+)MiB` *\| +([\w. ]+) \| +([\d,]+) MiB \|$/gm,
    ),
  ];
  assert.equal(rooms.length, 5);
  for (const [, workers, size, time, room] of rooms) {
    isAbout(time, entriesOf(16, Number(size) * units.MiB / 16) / 1000);
    assert.equal(Number(room.replace(",", "")), Number(workers) * Number(size) * 1.25);
  }
});

test(
  "each promise has a test that is there, or says why there can be none",
  { skip: sameOnAll },
  () => {
    const texts = new Map<string, string>();
    for (const { document, title, promises } of sections) {
      for (const { said: [sentence], held } of promises) {
        const place = `${document}, ${title}: ${sentence}`;
        assert.ok(held.length > 0, `${place} has no test`);
        for (const line of held) {
          if (/^(No test\. .|deno task bench \w)/.test(line)) continue;
          const [, file, name] = /^(test\/\S+\.ts): (.+)$/.exec(line) ?? [];
          assert.ok(
            file !== undefined && existsSync(root + file),
            `${place}: no file in "${line}"`,
          );
          if (!texts.has(file)) texts.set(file, plain(textOf(file)));
          const starts = ["(", "( ", ": ", ", ", "[ "].some((before) =>
            ['"', ""].some((quote) => texts.get(file)!.includes(`${before}${quote}${name}`))
          );
          assert.ok(starts, `${place}: ${file} has no test "${name}"`);
        }
      }
    }
  },
);
