/** Writers and readers that are wrong in one thing: the checks of the real ones must catch them. */

import assert from "node:assert/strict";
import test from "node:test";
import { CircularReader } from "../../src/circular/mod.ts";
import { baseSeed, Random } from "../support/random.ts";
import {
  type History,
  makeHistory,
  type Store,
  withoutClaims,
} from "../support/circular_history.ts";
import {
  checkInterruptions,
  checkRandomly,
  type ReaderMaker,
  realReader,
} from "../support/circular_interleavings.ts";

/** Each store put off until just after the next one that is `before`. */
function delay(
  history: History,
  late: (s: Store) => boolean,
  until: (s: Store) => boolean,
): History {
  const stores: Store[] = [];
  let waiting: Store[] = [];
  for (const store of history.stores) {
    if (late(store)) waiting.push(store);
    else {
      stores.push(store);
      if (until(store)) {
        stores.push(...waiting);
        waiting = [];
      }
    }
  }
  return { ...history, stores: [...stores, ...waiting] };
}

const isAt = (offset: number, size = 8) => (store: Store) =>
  store.segment === 0 && store.offset >= offset && store.offset < offset + size;
const isData = ({ segment }: Store) => segment === 1;

const WRONG_WRITERS: Record<string, (history: History) => History> = {
  "publishes S before the bytes": (history) => delay(history, isData, isAt(384)),
  "claims after the bytes": (history) => delay(history, isAt(400), isAt(384)),
  "does not claim, and sets W after the bytes": (history) =>
    delay(withoutClaims(history), isAt(320), isAt(384)),
  "changes the base after its version": (history) => delay(history, isAt(416), isAt(320)),
};

/** The real reader with another look at the memory: what a fence would have kept in order. */
const WRONG_READERS: Record<string, ReaderMaker> = {
  // As the original's readers do.
  "looks only at what is published": (replay, history, interrupt) => {
    const seen = replay.index.slice(0);
    const look = () => {
      new Uint8Array(seen).set(new Uint8Array(replay.index));
      const state = new BigUint64Array(seen);
      state[40] = state[32]; // W = R
      state[50] = 0n; // no claim
    };
    return new CircularReader(seen, replay.data, {
      capacity: history.capacity,
      guard: look,
      fence: () => {
        interrupt();
        look();
      },
    });
  },
  "sees the state as it was before the copy": (replay, history, interrupt) => {
    const frozen = replay.index.slice(0);
    let isFrozen = false;
    return new CircularReader(frozen, replay.data, {
      capacity: history.capacity,
      guard: () => {
        new Uint8Array(frozen).set(new Uint8Array(replay.index));
        isFrozen = true;
      },
      fence: () => {
        if (!isFrozen) new Uint8Array(frozen).set(new Uint8Array(replay.index));
        interrupt();
      },
    });
  },
};

function isCaught(change: (history: History) => History, make: ReaderMaker, i: number): boolean {
  const random = new Random(baseSeed + i);
  const history = change(makeHistory(random, 30));
  try {
    checkInterruptions(history, random, make);
    for (let n = 0; n < 20; n++) checkRandomly(history, random, make);
    return false;
  } catch {
    return true;
  }
}

for (const [title, change] of Object.entries(WRONG_WRITERS)) {
  test(`the checks catch a writer that ${title} (seed ${baseSeed})`, () => {
    assert.ok(Array.from({ length: 40 }).some((_, i) => isCaught(change, realReader, i)));
  });
}

for (const [title, make] of Object.entries(WRONG_READERS)) {
  test(`the checks catch a reader that ${title} (seed ${baseSeed})`, () => {
    assert.ok(Array.from({ length: 40 }).some((_, i) => isCaught((same) => same, make, i)));
  });
}
