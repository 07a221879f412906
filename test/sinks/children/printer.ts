/** Prints values of many kinds, then a line of dashes, then what was captured of it. */

import { writeSync } from "node:fs";
import { Reader, segmentSize, Writer } from "../../../mod.ts";
import { captureConsole } from "../../../src/sinks/console.ts";

const memory = new ArrayBuffer(segmentSize(4, 65536));
const writer = Writer.create(memory, { chunkCount: 4 });
const capture = captureConsole({ writer, format: ({ text }) => text });

class Point {
  x = 1;
  y = [2, { deep: { deeper: { deepest: 1 } } }];
}
console.log("text", 1, -0, 2n, true, null, undefined, Symbol("s"));
console.log({ a: 1, b: "text", c: [1, "x"] }, [1, "x"], new Point());
console.log(new Map([["a", { b: 1 }]]), new Set([1]), new Uint8Array(3), /x/g);
console.log(
  "%s is %d and %i, %f %j %o %O %% %c styled",
  "a",
  42,
  4,
  1.5,
  { a: 1 },
  [1],
  { b: 2 },
  "",
);
console.log("%s too few");
console.log("%d %i %f", Symbol("d"), Symbol("i"), Symbol("f"));
console.log("%d%%", 5, "rest", { a: 1 });
console.log("%s is 5%%", "x");
console.log(1, "%s", "a", "%d", 2);
console.log("two\nlines");
console.info(function named() {}, class Named {});
console.log(Array.from({ length: 150 }, (_, i) => i));
console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 });
console.table([{ a: 1, b: "x" }, { a: 2 }]);
console.table("no table");
console.group("group");
console.log("inside");
console.log("two\nlines", { a: [1, { b: "x".repeat(80) }] });
console.dir("a text");
console.table([{ a: 1 }]);
console.groupEnd();
console.count();
console.log();
capture.restore();
writeSync(1, "-----\n");
for (const { text } of new Reader(memory)) writeSync(1, `${text}\n`);
