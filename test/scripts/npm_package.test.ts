import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { withBriefComments } from "../../scripts/npm/brief_comments.ts";
import { withClassNames } from "../../scripts/npm/class_names.ts";
import { mangled } from "../../scripts/npm/mangle.ts";
import { mergedTypes } from "../../scripts/npm/merged_types.ts";
import { withShortImports } from "../../scripts/npm/short_imports.ts";
import { usedTypes } from "../../scripts/npm/used_types.ts";

async function load(code: string): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-names-"));
  try {
    writeFileSync(join(folder, "names.mjs"), code);
    return await import(pathToFileURL(join(folder, "names.mjs")).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("classes keep their names when all else is short", async () => {
  // As esbuild writes them.
  const text = `
var LIMIT = 64, Plain = class {
  limit = LIMIT;
};
var Own = class _Own {
  static make() {
    return new _Own();
  }
};
var Thing = class extends Plain {
};
var Thing2 = class _Thing extends Thing {
  self() {
    return _Thing;
  }
};
function exportedFunction(aLongArgument) {
  return hidden(aLongArgument);
}
function hidden(aLongArgument) {
  return aLongArgument;
}
export {
  Plain,
  Own,
  Thing2 as Thing,
  exportedFunction
};
`;
  const { code } = await mangled(withClassNames(text), { exported: ["exportedFunction"] });
  assert.ok(!/hidden|aLongArgument|LIMIT/.test(code), code);
  const loaded = await load(code);
  for (const name of ["Plain", "Own", "Thing", "exportedFunction"]) {
    assert.equal((loaded[name] as { name: string }).name, name);
  }
  const { Own, Thing } = loaded as Record<string, new () => { self(): unknown }>;
  assert.ok((Own as unknown as { make(): unknown }).make() instanceof Own);
  assert.equal(new Thing().self(), Thing);
});

test("withShortImports() renames what a private file exports in all files, and nothing else", () => {
  const texts = new Map([
    ["shared-1.js", "var first = 1;\nvar other = 2;\nexport {\n  first,\n  other as second\n};\n"],
    [
      "mod.js",
      'import {\n  first,\n  second as mine\n} from "./shared-1.js";\nimport {\n  join\n} from "node:path";\n' +
      "export {\n  first,\n  mine as second\n};\n",
    ],
  ]);
  const short = withShortImports(texts, (file) => file === "shared-1.js");
  assert.equal(
    short.get("shared-1.js"),
    "var first = 1;\nvar other = 2;\nexport {\n  first as a,\n  other as b\n};\n",
  );
  assert.equal(
    short.get("mod.js"),
    'import {\n  a as first,\n  b as mine\n} from "./shared-1.js";\nimport {\n  join\n} from "node:path";\n' +
      "export {\n  first,\n  mine as second\n};\n",
  );
});

test("withBriefComments() leaves examples out, and keeps what an editor shows", () => {
  const text = `/**
 * A file that is no entry.
 *
 * @module
 */
export declare class Thing {
    /**
     * Does it,
     * in bytes.
     *
     * - one
     *   thing
     * - another
     *
     * @param size how
     *   large
     * @throws {RangeError} if not
     *
     * @example
     * \`\`\`ts
     * new Thing().does(1);
     * \`\`\`
     */
    does(size: number): void;
}
`;
  assert.equal(
    withBriefComments(text, false),
    `export declare class Thing {
	/** Does it, in bytes.
	 *
	 * - one thing
	 * - another
	 * @param size how large
	 * @throws {RangeError} if not */
	does(size: number): void;
}
`,
  );
  assert.match(
    withBriefComments(text.replace("that is no entry", "of types"), true),
    /^\/\*\* A file of types\.\n \*\n \* Examples are .*\n \*\n \* @module \*\/\nexport/,
  );
});

const TYPES = new Map([
  ["mod.d.ts", 'export { Reader } from "./log/reader.js";\nexport * from "./errors.js";\n'],
  [
    "ring.d.ts",
    'import type { Options } from "./ring/options.js";\n' +
    "export declare function ring(options: Options): void;\n",
  ],
  ["errors.d.ts", "export declare class Failure extends Error {\n}\n"],
  [
    "log/reader.d.ts",
    'import type { Options, Unused } from "./options.js";\nimport { Failure } from "../errors.js";\n' +
    "export declare class Reader {\n    constructor(options: Options);\n    last?: Failure;\n}\n" +
    "export declare function internal(): void;\n",
  ],
  [
    "log/options.d.ts",
    "export interface Options {\n    size: Size;\n}\ntype Size = number;\nexport interface Unused {\n}\n" +
    "export {};\n",
  ],
  ["ring/options.d.ts", "export interface Options {\n    mode: number;\n}\n"],
  ["log/forgotten.d.ts", "export declare const forgotten: number;\n"],
]);
const ENTRIES = new Map([["mod.d.ts", "mod"], ["ring.d.ts", "ring"], ["errors.d.ts", "errors"]]);

test("usedTypes() keeps what the entries lead to", () => {
  const used = usedTypes(TYPES, [...ENTRIES.keys()]);
  assert.deepEqual([...used.keys()].sort(), [
    "errors.d.ts",
    "log/options.d.ts",
    "log/reader.d.ts",
    "mod.d.ts",
    "ring.d.ts",
    "ring/options.d.ts",
  ]);
  const all = [...used.values()].join("");
  assert.ok(!/Unused|internal|forgotten/.test(all), all);
  assert.match(all, /type Size = number/);
});

test("mergedTypes() keeps types apart that have the same name", () => {
  const files = mergedTypes(usedTypes(TYPES, [...ENTRIES.keys()]), ENTRIES);
  assert.deepEqual([...files.keys()].sort(), [
    "common.d.ts",
    "errors.d.ts",
    "mod.d.ts",
    "ring.d.ts",
    "ring_options.d.ts",
  ]);
  assert.match(files.get("mod.d.ts") ?? "", /export { Reader } from "\.\/common\.js"/);
  assert.match(files.get("mod.d.ts") ?? "", /export \* from "\.\/errors\.js"/);
  assert.match(files.get("ring.d.ts") ?? "", /import type { Options } from "\.\/ring_options\.js"/);
  const common = files.get("common.d.ts") ?? "";
  assert.match(
    common,
    /^\/\/\/ <reference lib="esnext\.disposable" \/>\nimport type { Failure } from "\.\/errors\.js";/,
  );
  assert.match(common, /size: Size/);
});
