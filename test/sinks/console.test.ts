/** console.log and its like, captured. */

import assert from "node:assert/strict";
import process from "node:process";
import test from "node:test";
import { Reader, segmentSize, ShmLogWriter, Writer } from "../../mod.ts";
import {
  captureConsole,
  type ConsoleCall,
  type ConsoleCapture,
  type ConsoleCaptureOptions,
} from "../../src/sinks/console.ts";
import { runScript, runtimeName, uniqueName } from "../support/runtime.ts";
import { warningsOf } from "../support/warnings.ts";

/** A capture into private memory, and what it got. */
function start(options: Partial<ConsoleCaptureOptions> = {}): ConsoleCapture & { texts: string[] } {
  const memory = new ArrayBuffer(segmentSize(4, 65536));
  const writer = Writer.create(memory, { chunkCount: 4 });
  const format = ({ level, text }: ConsoleCall) => `${level} ${text}`;
  const capture = captureConsole({ format, ...options, writer } as ConsoleCaptureOptions);
  return Object.defineProperty(capture, "texts", {
    get: () => [...new Reader(memory)].map(({ text }) => text),
  }) as ConsoleCapture & { texts: string[] };
}

/** Puts in the console's place what prints nothing, for the time of some work. */
function quietly(work: (printed: unknown[][]) => void): void {
  const printed: unknown[][] = [];
  const before = { ...console };
  for (const method of Object.keys(before) as (keyof Console)[]) {
    if (typeof console[method] !== "function" || method as string === "Console") continue;
    Object.assign(console, {
      [method]: (...args: unknown[]) => void printed.push([method, ...args]),
    });
  }
  const stubs = { ...console };
  try {
    work(printed);
    for (const [method, stub] of Object.entries(stubs)) {
      assert.equal(console[method as keyof Console], stub, `console.${method} is as it was`);
    }
  } finally {
    Object.assign(console, before);
  }
}

test("each method is captured with its level, and prints what it printed", () => {
  quietly((printed) => {
    const capture = start();
    console.log("a %s %d", "b", 3);
    console.info("i");
    console.debug("d");
    console.warn("w");
    console.error("e");
    console.assert(true, "not this");
    console.groupEnd();
    console.log();
    capture.restore();
    console.log("not captured");
    assert.deepEqual(capture.texts, [
      "info a b 3",
      "info i",
      "debug d",
      "warn w",
      "error e",
      "info ",
    ]);
    assert.equal(printed.length, 9);
    assert.deepEqual(printed[0], ["log", "a %s %d", "b", 3]);
    assert.deepEqual(capture.counts, { written: 6, truncated: 0, split: 0, errors: 0, dropped: 0 });
  });
});

test("what is captured is what this runtime prints", () => {
  const script = new URL("children/printer.ts", import.meta.url);
  const { stdout, stderr } = runScript(script);
  assert.equal(stderr, "");
  const [printed, captured] = stdout.split("-----\n");
  assert.ok(printed.length > 200);
  assert.equal(captured, printed);
});

test("tables, groups, counters, timers and traces are captured", () => {
  quietly(() => {
    const capture = start();
    console.table([{ id: 17 }]);
    console.group("outer");
    console.log("inner");
    console.groupEnd();
    console.count("hits");
    console.count("hits");
    console.assert(1 > 2, "sum");
    console.time("t");
    console.timeEnd("t");
    function caller(): void {
      console.trace("here");
      return undefined;
    }
    caller();
    capture.restore();
    const [table, ...rest] = capture.texts;
    assert.match(table, /│ +id │[^]*│ +17 │/);
    assert.deepEqual(rest.slice(0, 4), [
      "info outer",
      "info   inner",
      "info hits: 1",
      "info hits: 2",
    ]);
    assert.match(rest[4], /^error .*sum$/);
    assert.match(rest[5], /^info t: \d/);
    assert.match(rest[6], /^trace Trace: here\n +at .*console\.test\.ts/);
    assert.equal(rest.length, 7);
  });
});

test("a label that the capture does not know brings no warning of its own", async () => {
  const warnings = await warningsOf(() =>
    quietly(() => {
      console.time("before");
      const capture = start();
      console.timeLog("before");
      console.timeEnd("before");
      console.countReset("before");
      capture.restore();
    })
  );
  assert.deepEqual(warnings, []);
});

test("text and JSON lines have the time, the level and the text", () => {
  quietly(() => {
    const text = start({ format: "text" });
    const json = start({ format: "json" });
    console.warn("two\nlines");
    text.restore();
    json.restore();
    assert.match(text.texts[0], /^\d{4}-\d\d-\d\dT[\d:.]+Z \[warn\] two\nlines$/);
    const { time, ...rest } = JSON.parse(json.texts[0]);
    assert.match(time, /Z$/);
    assert.deepEqual(rest, { level: "warn", text: "two\nlines" });
  });
});

test("a group that was open when a capture ended indents nothing of the next one", () => {
  quietly(() => {
    const first = start();
    console.group("outer");
    console.group("inner");
    first.restore();
    console.groupEnd();
    console.groupEnd();
    const next = start();
    console.log("%s", "text");
    next.restore();
    assert.deepEqual(next.texts, ["info text"]);
  });
});

test("colors are left out", () => {
  quietly(() => {
    const capture = start();
    console.log("\x1b[31mred\x1b[39m");
    capture.restore();
    assert.deepEqual(capture.texts, ["info red"]);
  });
});

test("several captures at once end in any order", () => {
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]]) {
    quietly((printed) => {
      const captures = [start(), start(), start()];
      console.log("all");
      const expected = captures.map(() => ["info all"]);
      const left = new Set([0, 1, 2]);
      for (const index of order) {
        captures[index].restore();
        captures[index].restore();
        left.delete(index);
        console.log(`without ${index}`);
        for (const other of left) expected[other].push(`info without ${index}`);
      }
      assert.deepEqual(captures.map(({ texts }) => texts), expected);
      assert.equal(printed.length, 4, "printed once each");
    });
  }
});

test("somebody else's patch over ours stays, and nothing is captured twice", () => {
  quietly((printed) => {
    const before = console.log;
    const first = start();
    const ours = console.log;
    const theirs = (...args: unknown[]) => ours("theirs", ...args);
    console.log = theirs;
    console.log("one");
    first.restore();
    assert.equal(console.log, theirs);
    console.log("two");
    const second = start();
    console.log("three");
    second.restore();
    assert.equal(console.log, theirs);
    assert.deepEqual(first.texts, ["info theirs one"]);
    assert.deepEqual(second.texts, ["info three"]);
    assert.equal(printed.length, 3);
    console.log = before;
  });
});

test("what a formatter or onError prints is printed, and not captured", () => {
  quietly((printed) => {
    const capture = start({
      format({ text }) {
        console.log("from the formatter");
        if (text === "bad") throw new Error("can't");
        return text;
      },
      onError: (error) => console.error(String(error)),
    });
    console.log("good");
    console.log("bad");
    capture.restore();
    assert.deepEqual(capture.texts, ["good"]);
    assert.equal(capture.counts.errors, 1);
    assert.deepEqual(printed, [
      ["log", "from the formatter"],
      ["log", "good"],
      ["log", "from the formatter"],
      ["error", "Error: can't"],
      ["log", "bad"],
    ]);
  });
});

test("a value that prints while it is shown, or can't be shown, does no harm", () => {
  quietly((printed) => {
    const capture = start({ onError: () => {} });
    const custom = runtimeName === "deno" ? "Deno.customInspect" : "nodejs.util.inspect.custom";
    const noisy = { [Symbol.for(custom)]: () => (console.error("inner"), "noisy") };
    const bad = {
      [Symbol.for(custom)]: () => {
        throw new Error("can't be shown");
      },
    };
    console.log(noisy);
    console.log(bad);
    console.log("still there");
    capture.restore();
    assert.deepEqual(capture.texts.at(-1), "info still there");
    assert.equal(capture.texts[0], "info noisy");
    // The stubs print nothing, so nothing is inspected but by us.
    assert.equal(printed.length, 3);
  });
});

test("a formatter leaves a call out with undefined", () => {
  quietly(() => {
    const capture = start({ format: ({ level, text }) => level === "error" ? text : undefined });
    console.log("no");
    console.error("yes");
    capture.restore();
    assert.deepEqual(capture.texts, ["yes"]);
  });
});

test("a log that was closed is reported, and printing works", () => {
  quietly((printed) => {
    const writer = ShmLogWriter.create(uniqueName("console"), {
      unlinkOnClose: true,
      chunkSize: 65536,
    });
    const errors: unknown[] = [];
    const capture = captureConsole({ writer, onError: (error) => errors.push(error) });
    writer.close();
    console.log("one");
    capture.restore();
    assert.equal(errors.length, 1);
    assert.deepEqual(printed, [["log", "one"]]);
  });
});

test("wrong options change nothing", () => {
  quietly(() => {
    const { log } = console;
    assert.throws(() => captureConsole({} as ConsoleCaptureOptions), TypeError);
    assert.throws(() => start({ format: "xml" as "json" }), TypeError);
    assert.equal(console.log, log);
  });
});

test("a capture with uncaughtException listens until it is restored", () => {
  quietly(() => {
    const before = process.listenerCount("uncaughtExceptionMonitor");
    using capture = start({ uncaughtException: true });
    assert.equal(process.listenerCount("uncaughtExceptionMonitor"), before + 1);
    capture.restore();
    assert.equal(process.listenerCount("uncaughtExceptionMonitor"), before);
  });
});
