/** Writers that are wrong in one thing: what holds of the real one between any two stores must fail. */

import assert from "node:assert/strict";
import test from "node:test";
import type { Store } from "../support/journal.ts";
import { baseSeed, Random } from "../support/random.ts";
import { type History, makeHistory } from "../support/history.ts";
import { checkInterruptions, checkResumes, checkStarts, SMALL } from "../support/interleavings.ts";

/** Wrong writers: each makes something else of what a right one stores up to a commit, the last. */
const MUTANTS: Record<string, (stores: Store[], rowEnd: number) => Store[]> = {
  "takes rows back after it has overwritten their bytes": (stores, rowEnd) => {
    return moveToEnd(stores.slice(0, -1), isTakenBack(stores, rowEnd)).concat(stores.slice(-1));
  },
  "forgets to take rows back": (stores, rowEnd) => {
    const isTaken = isTakenBack(stores, rowEnd);
    return stores.filter((store) => !isTaken(store));
  },
  "publishes before the payload is there": (stores) => {
    const { word } = stores[stores.length - 1];
    return moveToEnd(stores, (store) => !store.isAtomic && store.word !== word);
  },
  "publishes an entry before its chunk": (stores, rowEnd) => {
    return moveToEnd(stores, (store) => store.word < rowEnd);
  },
  "changes the token of a row before its flag, as the reference does": (stores, rowEnd) => {
    const swapped = [...stores];
    for (let i = 0; i + 1 < stores.length; i++) {
      if (stores[i].word >= rowEnd || !isFlag(stores[i]) || isCommitted(stores[i])) continue;
      if (stores[i + 1].word === stores[i].word + 2) {
        [swapped[i], swapped[i + 1]] = [stores[i + 1], stores[i]];
      }
    }
    return swapped;
  },
  "begins a chunk before its first header is gone": (stores, rowEnd) => {
    // The store before a row's commit is that of the header.
    const swapped = [...stores];
    for (let i = 1; i < stores.length; i++) {
      if (stores[i].word < rowEnd && isCommitted(stores[i]) && stores[i - 1].word >= rowEnd) {
        [swapped[i - 1], swapped[i]] = [stores[i], stores[i - 1]];
      }
    }
    return swapped;
  },
  "does not end the log after an entry": (stores) => {
    const end = stores.findLastIndex(({ isAtomic, values }) => !isAtomic && values[0] === 0);
    return stores.filter((_, i) => i !== end);
  },
  "leaves no count in row 0 while it restarts it": (stores) => {
    return stores.map((store) => {
      return store.word === 4 && !isCommitted(store) ? { ...store, values: [0, 0] } : store;
    });
  },
};

/** Moves what is chosen behind the rest, each part in its order. */
function moveToEnd(stores: Store[], isChosen: (store: Store) => boolean): Store[] {
  return [...stores.filter((store) => !isChosen(store)), ...stores.filter(isChosen)];
}

/** Whether a store to the table is to the words of offset and flag. */
function isFlag({ word }: Store): boolean {
  return word % 4 < 2;
}

function isCommitted(store: Store): boolean {
  return isFlag(store) && store.values[store.values.length - 1] < 0;
}

/** Tells the stores that clear a row for good from those that begin it anew. */
function isTakenBack(stores: Store[], rowEnd: number): (store: Store) => boolean {
  const row = ({ word }: Store) => word >>> 2;
  const begun = new Set(stores.filter((s) => s.word < rowEnd && isCommitted(s)).map(row));
  return (store) => store.word < rowEnd && !begun.has(row(store));
}

/** The history as another writer would have made it. */
function rewrite(history: History, writer: (stores: Store[], rowEnd: number) => Store[]): History {
  const made: Store[] = [];
  let begin = 0;
  let published = 0;
  history.stores.forEach((store, i) => {
    if (store.published === published) return;
    const stores = history.stores.slice(begin, i + 1);
    const rewritten = writer(stores, 4 + 4 * history.chunkCount);
    made.push(...rewritten.map((store) => ({ ...store, published })));
    begin = i + 1;
    published = store.published;
    made[made.length - 1].published = published;
  });
  return { ...history, stores: made.concat(history.stores.slice(begin)) };
}

/** Whether the checks find something wrong with the history of `writer` of this number. */
function isCaught(writer: (stores: Store[], rowEnd: number) => Store[], i: number): boolean {
  const random = new Random(baseSeed + i);
  const [chunkCount, chunkSize, most, writes] = SMALL[1 + i % 4];
  const history = makeHistory(random, chunkCount, chunkSize, most, writes);
  const rewritten = rewrite(history, writer);
  try {
    checkStarts(rewritten);
    checkInterruptions(rewritten, random, 3);
    checkResumes(rewritten);
    return false;
  } catch {
    return true;
  }
}

for (const [title, writer] of Object.entries(MUTANTS)) {
  test(`the checks catch a writer that ${title} (seed ${baseSeed})`, () => {
    assert.ok(Array.from({ length: 60 }).some((_, i) => isCaught(writer, i)));
  });
}

test(`the checks let a right writer pass (seed ${baseSeed})`, () => {
  for (let i = 0; i < 12; i++) assert.equal(isCaught((stores) => stores, i), false);
});
