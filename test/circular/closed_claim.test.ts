/** The claim that a writer takes back when it is closed: it is 0 then, and means nothing. */

import assert from "node:assert/strict";
import test from "node:test";
import { Memory } from "../support/circular.ts";

const FENCES = 30;

test("a writer that laps a reader and is closed, just before 4 GiB, is noticed at any fence", () => {
  for (let at = 0; at < FENCES; at++) {
    const memory = new Memory(64);
    memory.state = { readIdx: 0, writeIdx: 0, seqNum: 2 ** 32 - 40 };
    const writer = memory.writer();
    let count = -1;
    const reader = memory.reader({
      fence() {
        if (count < 0 || count++ !== at) return;
        for (let i = 0; i < 3; i++) writer.write(new Uint8Array(20).fill(2));
        writer.close();
      },
    });
    writer.write(new Uint8Array(20).fill(1));
    count = 0;
    const message = reader.read();
    if (message === undefined) assert.deepEqual([reader.laps, reader.lostBytes], [1, 4 * 24]);
    else assert.deepEqual(message, new Uint8Array(20).fill(1), `interrupted at fence ${at}`);
  }
});
