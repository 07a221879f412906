/** How long is waited for what is missing. */

import assert from "node:assert/strict";
import test from "node:test";
import { HoleJudge } from "../../src/ship/hole_judge.ts";
import type { Incoming, Source, Tracked } from "../../src/ship/received_items.ts";
import type { MissingReason } from "../../src/ship/received.ts";
import { TrackedSource } from "../../src/ship/sequence_check.ts";

/** A log of which entries up to `last` were given, and entry `waiting` has come at moment 0. */
function trackedOf(last: number, waiting: number, streamSequence: number): Tracked {
  const log = { host: "h", name: "/a", segment: "1-2-3" };
  const tracked = new TrackedSource<Source, Incoming, MissingReason>({ log, streamSequence }, last);
  const one = { from: waiting, to: waiting, messages: [], gap: undefined, size: 0, time: 0 };
  tracked.held.push(one);
  return tracked;
}

test("a hole is held open for as long as it may be filled", () => {
  /** The first of some moments at which it is given up, and why. */
  const verdictOf = (tracked: Tracked, firstSequence: number, isBeginning: boolean) => {
    const judge = new HoleJudge({ firstSequence }, 30_000, isBeginning);
    const at = [0, 1999, 2000, 6999, 7000, 29_999, 30_000].find((now) =>
      judge.reasonOf(tracked, now, false) !== undefined
    );
    return `${at}: ${judge.reasonOf(tracked, 30_000, false)}`;
  };
  assert.equal(verdictOf(trackedOf(4, 7, 4), 1, true), "30000: unexplained");
  // The stream has forgotten what was behind the last one; a forwarder may send it once more.
  assert.equal(verdictOf(trackedOf(4, 7, 4), 9, true), "7000: not in the stream");
  assert.equal(verdictOf(trackedOf(4, 9000, 4), 9, true), "0: not in the stream");
  assert.equal(verdictOf(trackedOf(0, 7, 0), 1, false), "2000: before this receiver");
  assert.equal(verdictOf(trackedOf(0, 9000, 0), 1, false), "0: before this receiver");
  const judge = new HoleJudge({ firstSequence: 1 }, 30_000, true);
  assert.equal(judge.reasonOf(trackedOf(4, 7, 4), 0, true), "unexplained");
  assert.equal(judge.reasonOf(new TrackedSource(trackedOf(4, 7, 4).source, 4), 0, true), undefined);
});
