/** The real reader, and the next writer, run between any two stores of a circular buffer's history. */

import assert from "node:assert/strict";
import { CircularReader, CircularWriter } from "../../src/circular/mod.ts";
import { CheckedCircularReader } from "./circular.ts";
import type { Random } from "./random.ts";
import { type History, Replay } from "./circular_history.ts";

/** Makes a reader of the memory on which the stores happen. */
export type ReaderMaker = (
  replay: Replay,
  history: History,
  interrupt: () => void,
) => CircularReader;

/** Makes one that is as it should be. */
export const realReader: ReaderMaker = ({ index, data }, { capacity }, fence) =>
  new CircularReader(index, data, { capacity, fence });

/** At each point a reader that was there from the start, or from there on, is interrupted once. */
export function checkInterruptions(history: History, random: Random, make: ReaderMaker): void {
  for (let point = random.below(5); point <= history.stores.length; point += 1 + random.below(6)) {
    for (let interrupted = 0, fences = 1; interrupted < fences; interrupted++) {
      const replay = new Replay(history);
      let count = -1;
      const stores = [1, 2, 3, 5, 9, 20, 60][random.below(7)];
      const interrupt = () => {
        if (count >= 0 && count++ === interrupted) replay.step(stores);
      };
      replay.step(Math.max(0, point - random.below(60)));
      const reader = new CheckedCircularReader(make(replay, history, interrupt), history.written);
      replay.step(point - replay.position);
      count = 0;
      reader.take(1 + random.below(3), random);
      fences = Math.max(fences, Math.min(count, 25));
      count = -1;
      replay.step(Infinity);
      reader.finish(random);
    }
  }
}

/** A reader from start to end, with some stores at each fence, that of its start too. */
export function checkRandomly(history: History, random: Random, make: ReaderMaker): void {
  const replay = new Replay(history);
  const pace = 2 + random.below(30);
  const interrupt = () => {
    if (random.below(3) === 0) replay.step(random.below(pace));
  };
  replay.step(random.below(history.stores.length));
  const reader = new CheckedCircularReader(make(replay, history, interrupt), history.written);
  while (replay.position < history.stores.length) {
    replay.step(random.below(pace));
    reader.take(1 + random.below(3), random);
  }
  reader.take(Infinity, random);
}

/** At each point the writer dies: the next one goes on, and a reader follows. */
export function checkDeaths(history: History, random: Random, make: ReaderMaker): void {
  for (let point = 0; point <= history.stores.length; point++) {
    const replay = new Replay(history);
    replay.step(Math.max(0, point - random.below(60)));
    const reader = new CheckedCircularReader(make(replay, history, () => {}), history.written);
    replay.step(point - replay.position);
    const { index, data } = replay;
    const { capacity } = history;
    let writer = new CircularWriter(index, data, { capacity });
    const known = history.published.filter(([stores]) => stores <= point).at(-1)![1];
    const next = history.published.find(([stores]) => stores > point)?.[1];
    const right = [known, next];
    // Where nobody can know, all readers begin anew.
    if (history.isForeign) right.push(known + capacity + 1, (next ?? known) + capacity + 1);
    assert.ok(
      right.includes(writer.sequenceNumber),
      `${writer.sequenceNumber} is not one of ${right} after store ${point}`,
    );
    // Now and then that one is followed at once, or after a little, closed or killed too.
    for (let n = random.below(3); n > 0; n--) {
      if (random.below(2) === 0) writer.close();
      writer = new CircularWriter(index, data, { capacity });
    }
    if (random.below(2) === 0) writer.close();
    reader.take(Infinity, random);
    writer = new CircularWriter(index, data, { capacity });
    const late = new CircularReader(index, data, { capacity });
    for (let n = 0; n < 30; n++) {
      const message = new Uint8Array(1 + n % Math.min(9, writer.maxMessageSize)).fill(n);
      writer.write(message);
      assert.deepEqual(reader.reader.read(), message);
      assert.deepEqual(late.read(), message);
    }
  }
}
