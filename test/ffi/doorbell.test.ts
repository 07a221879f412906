/** Doorbell: sleepers are woken, in other processes too; there is none where it can't be. */

import assert from "node:assert/strict";
import { readdirSync, truncateSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { Doorbell, SharedMemory } from "../../ffi/mod.ts";
import { hasProc, usage } from "../support/usage.ts";
import { partners, startChild, uniqueName } from "../support/runtime.ts";

const ringer = new URL("../conformance/children/ringer.ts", import.meta.url);
const skip = process.platform === "linux" ? false : "only Linux has a futex";
const ROUNDS = 300;

function create(size: number): { memory: SharedMemory; name: string } & Disposable {
  const name = uniqueName("bell");
  const memory = SharedMemory.create(name, size);
  return {
    memory,
    name,
    [Symbol.dispose]() {
      SharedMemory.unlink(name);
      memory.close();
    },
  };
}

/** Waits until the thread that sleeps is there: until then sleeps are short. Leaves the bell armed. */
async function threadOf(bell: Doorbell): Promise<void> {
  for (let isShort = true; isShort;) {
    isShort = false;
    bell.arm();
    const sleeping = bell.sleep(60_000).then(() => isShort = true);
    // However late a busy machine is: timers end in their order, and that of a short sleep is before this.
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (isShort) continue;
    bell.ring();
    await sleeping;
    break;
  }
  bell.arm();
}

test("a segment has a bell if there is room behind its end", { skip }, () => {
  for (const [size, has] of [[1, true], [4080, true], [4081, false], [4096, false], [4097, true]]) {
    using made = create(Number(size));
    using bell = Doorbell.of(made.memory);
    assert.equal(bell !== undefined, has, `${size} bytes`);
  }
});

test("a bell changes nothing of the segment, and its segment tells nothing of it", { skip }, () => {
  using made = create(5003);
  const bytes = new Uint8Array(made.memory.buffer).fill(7);
  using bell = Doorbell.of(made.memory);
  bell?.attend();
  bell?.arm();
  bell?.ring();
  assert.ok(bytes.every((byte) => byte === 7));
  assert.equal(made.memory.currentSize(), 5003);
});

test("a bell is attended while somebody says so, and all see that", { skip }, () => {
  using made = create(5000);
  using reader = SharedMemory.open(made.name);
  using ours = Doorbell.of(made.memory);
  using theirs = Doorbell.of(reader);
  assert.equal(theirs?.isAttended(), false);
  ours?.attend();
  assert.equal(theirs?.isAttended(), true);
  ours?.attend(false);
  assert.equal(theirs?.isAttended(), false);
});

test("a replaced segment's bell is not its successor's", { skip }, () => {
  using made = create(5000);
  SharedMemory.unlink(made.name);
  assert.equal(Doorbell.of(made.memory), undefined);
  using other = SharedMemory.create(made.name, 5000);
  assert.equal(Doorbell.of(made.memory), undefined);
  using bell = Doorbell.of(other);
  assert.ok(bell);
});

test(
  "the bell of a truncated segment is not attended, and arming it does no harm",
  { skip },
  () => {
    using made = create(9000);
    using bell = Doorbell.of(made.memory);
    bell?.attend();
    truncateSync(`/dev/shm${made.name}`, 100);
    bell?.arm();
    assert.equal(bell?.isAttended(), false);
  },
);

test(
  "sleep() ends with the time, with an abort, and when the bell rang after arm()",
  { skip },
  async () => {
    using made = create(5000);
    using bell = Doorbell.of(made.memory);
    assert.ok(bell);
    bell.arm();
    await bell.sleep(1);
    await bell.sleep(100_000, AbortSignal.abort());
    await bell.sleep(100_000, AbortSignal.timeout(50));
    // By now the thread is there: it must not sleep on a bell that has rung.
    bell.arm();
    bell.ring();
    await bell.sleep(100_000);
  },
);

test(
  "sleep() of no time ends, and the longest one only when the bell rings",
  { skip },
  async () => {
    using made = create(5000);
    using bell = Doorbell.of(made.memory);
    assert.ok(bell);
    await bell.sleep(0);
    bell.arm();
    await threadOf(bell);
    await bell.sleep(0);
    for (const forever of [2 ** 31, Infinity]) {
      bell.arm();
      let isOver = false;
      const sleeping = bell.sleep(forever).then(() => isOver = true);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(isOver, false, `${forever} ms are over`);
      bell.ring();
      await sleeping;
      // Whoever has armed it and finds it rung does not sleep.
      bell.arm();
      bell.ring();
      bell.sleepSync(forever);
    }
    bell.sleepSync(999.9999999 / 1000);
  },
);

test(
  "who closes the bell at the moment of falling asleep is not kept waiting",
  { skip },
  async () => {
    using made = create(5000);
    for (let i = 0; i < 5; i++) {
      using bell = Doorbell.of(made.memory);
      assert.ok(bell);
      bell.arm();
      await threadOf(bell);
      const sleeping = bell.sleep(30_000);
      bell.close();
      const late = new Promise<string>((resolve) => setTimeout(resolve, 20_000, "late").unref());
      assert.equal(await Promise.race([sleeping, late]), undefined, `at attempt ${i + 1}`);
    }
  },
);

test("the thread of a bell that was forgotten ends", {
  skip: skip || (hasProc ? false : "no /proc to look at"),
}, async () => {
  using made = create(5000);
  const threads = () => readdirSync("/proc/self/task").length;
  const sleepOnce = async () => {
    const bell = Doorbell.of(made.memory);
    assert.ok(bell);
    await threadOf(bell);
  };
  // What the runtime starts for its own ends with the first one.
  await sleepOnce();
  await usage();
  const before = threads();
  for (let i = 0; i < 4; i++) await sleepOnce();
  let now = threads();
  for (let i = 0; i < 100 && now > before; i++) {
    await usage();
    await new Promise((resolve) => setTimeout(resolve, 20));
    now = threads();
  }
  assert.ok(now <= before, `${now} threads after ${before}`);
});

for (const other of partners) {
  test(`no ring is missed in ${ROUNDS} rounds with ${other.title}`, { skip }, async () => {
    using first = create(5000);
    using second = create(5000);
    const answering = startChild(ringer, [first.name, second.name, ROUNDS, "answers"], other);
    assert.equal(await answering.nextLine(), "there");
    const beginning = startChild(ringer, [second.name, first.name, ROUNDS, "begins"]);
    assert.equal(await beginning.nextLine(), "there");
    const sleeps = Number(await answering.nextLine()) + Number(await beginning.nextLine());
    assert.ok(sleeps >= ROUNDS, `${sleeps} sleeps`);
    assert.deepEqual([await answering.ended(), await beginning.ended()], [0, 0]);
  });
}
