/** Two processes that want to be the writer of one log at the same moment. */

import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { type LogTarget, ShmLogReader, ShmLogWriter } from "../../mod.ts";
import { SharedMemory } from "../../ffi/mod.ts";
import { testFolder } from "../support/folder.ts";
import { startChild, uniqueName } from "../support/runtime.ts";
import { isWindows } from "../support/platform.ts";

const folder = testFolder("contention");

const contender = new URL("children/contender.ts", import.meta.url);
const ROUNDS = Number(process.env.CONTENTION_ROUNDS ?? 30);
const SMALL = { chunkSize: 4096, chunkCount: 4 };
const [STEP, READY, WINS, WINNER] = [0, 1, 2, 3];

const places: [title: string, base: () => string, path: (base: string) => string][] = [
  ["shared memory", uniqueName, (base) => `/dev/shm${base}`],
  ["file", () => folder + uniqueName(), (base) => base],
];

/** What two contenders find: nothing, a log that somebody closed, what a creator that died left. */
const beginnings: ((target: LogTarget, path: string) => void)[] = [
  () => {},
  (target) => {
    using log = ShmLogWriter.create(target, { ...SMALL, unlinkOnClose: false });
    log.write("before");
  },
  (_target, path) => writeFileSync(path, new Uint8Array(8192), { mode: 0o600 }),
];

for (const [title, newBase, pathOf] of places) {
  for (const ifExists of ["fail", "resume", "replace"] as const) {
    test(`${title}: of two processes that create with "${ifExists}" at once, exactly one is the writer`, async () => {
      const base = newBase();
      const referee = uniqueName();
      const memory = SharedMemory.create(referee, 4096);
      const words = new Int32Array(memory.buffer);
      const ids = [1, 2];
      const children = ids.map((id) =>
        startChild(contender, [referee, id, title, base, ifExists, 2 * ROUNDS])
      );
      const step = async (number: number) => {
        for (const each of [READY, WINS, WINNER]) Atomics.store(words, each, 0);
        Atomics.store(words, STEP, number);
        while (Atomics.load(words, READY) < ids.length) {
          for (const { process: { exitCode, signalCode } } of children) {
            const end = exitCode || signalCode;
            if (end) throw new Error(`contender ended with ${end} in step ${number}`);
          }
          await new Promise((resolve) => setTimeout(resolve, 0));
        }
      };
      try {
        for (const child of children) assert.equal(await child.nextLine(), "ready");
        for (let round = 0; round < ROUNDS; round++) {
          const place = `${base}-${2 * round + 1}`;
          const target = title === "file" ? { path: place } : place;
          // On Windows nothing is left of a segment that somebody closed.
          const isAlwaysNew = ifExists === "fail" || (title !== "file" && isWindows);
          const begin = isAlwaysNew ? 0 : round % beginnings.length;
          beginnings[begin](target, pathOf(place));
          await step(2 * round + 1);
          assert.equal(words[WINS], 1, `round ${round}`);
          // The name leads to what the winner writes, and nobody else wrote there.
          using reader = ShmLogReader.open(target);
          const kept = ifExists === "resume" && begin === 1 ? ["before"] : [];
          assert.deepEqual(
            [...reader].map((entry) => entry.text),
            [...kept, `writer ${words[WINNER]}`],
          );
          assert.equal(reader.isWriterAlive(), true);
          // There a reader keeps what it has open.
          if (isWindows) reader.close();
          await step(2 * round + 2);
          const isThere = title === "file" ? existsSync(place) : SharedMemory.exists(place);
          assert.equal(isThere, false);
        }
        for (const child of children) assert.equal(await child.ended(), 0);
      } finally {
        for (const child of children) await child.kill();
        for (let i = 1; i <= 2 * ROUNDS; i += 2) {
          if (title === "file" || !isWindows) rmSync(pathOf(`${base}-${i}`), { force: true });
        }
        memory.close();
        SharedMemory.unlink(referee);
      }
    });
  }
}
