/**
 * Where a reader's batches come from: what is whole at its position, found, copied or shown, and
 * validated.
 *
 * @module
 */

import type { Fence } from "../fence.ts";
import { BATCH_BYTES, BATCH_ENTRIES, EntryBatch, VISIT_BYTES } from "./batch.ts";
import { type Ahead, type Found, loadHeaders } from "./bounds.ts";
import { EntryView } from "./entry_view.ts";
import { HEADER_SIZE } from "./layout.ts";
import type { Position, Step } from "./position.ts";
import type { Segment } from "./segment.ts";
import { isFinished } from "./walk.ts";

/** How many times one call follows a writer that overtakes it again before it gives up. */
const ATTEMPTS = 16;

/** How to show entries where they are. */
export interface Visit {
  view: EntryView;
  visit: (entry: EntryView) => void;
}

/** Takes batches at a position, and moves it on. */
export class BatchSource {
  readonly #segment: Segment;
  readonly #position: Position;
  readonly #fence: Fence;
  readonly #guard: (() => void) | undefined;
  readonly #ahead: Ahead = { limit: 0, isComplete: false, stale: -1, broken: undefined };
  readonly #found: Found = { offset: 0, reason: "open" };

  /** Takes what is in `segment` at `position`, and calls `guard` before each look. */
  constructor(
    segment: Segment,
    position: Position,
    fence: Fence,
    guard: (() => void) | undefined,
  ) {
    this.#segment = segment;
    this.#position = position;
    this.#fence = fence;
    this.#guard = guard;
  }

  /**
   * Fills `batch` with the next entries that are whole; returns how many there are, or -1 if those that
   * were visited were overwritten meanwhile.
   */
  fill(batch: EntryBatch, most: number, fresh: boolean, visit?: Visit): number {
    batch.clear();
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      this.#guard?.();
      // Nothing seen in an earlier call, or in an earlier round, may be reused in this one.
      this.#fence();
      if (!this.#position.isInChunk && this.#position.locate() === "stay") return 0;
      const step = this.#take(batch, most, fresh, visit);
      if (step === "stay") return batch.length;
      if (step === "overwritten") return -1;
    }
    batch.clear();
    return 0;
  }

  /**
   * Takes what is whole at our position. `"moved"`: nothing was, try again where we are now.
   * `"overwritten"`: what was visited is void.
   */
  #take(
    batch: EntryBatch,
    most: number,
    fresh: boolean,
    visit: Visit | undefined,
  ): Step | "overwritten" {
    const segment = this.#segment;
    const position = this.#position;
    const ahead = this.#ahead;
    const found = this.#found;
    const { offset } = position;
    if (segment.end - offset < HEADER_SIZE) return position.wrap();
    if (position.lookAhead(ahead) === "moved") return "moved";

    const mostBytes = visit === undefined ? BATCH_BYTES : VISIT_BYTES;
    if (segment.isCopy) loadHeaders(segment, offset, ahead, most, mostBytes);
    batch.index(segment, offset, ahead, most, mostBytes, found);
    if (batch.length === 0) return this.#nothingFound();

    // Acquire: the headers before the payloads. Pairs with the writer's commit of each entry.
    this.#fence();
    if (!position.isIntact()) return this.#retry(batch);
    const { length } = batch;
    position.settle(batch);
    // The padding of the last entry may lie beyond the end.
    segment.load(offset, Math.min(found.offset, segment.end));
    if (visit === undefined) batch.copy(segment, offset, fresh);
    else batch.visit(visit.view, offset, visit.visit);
    // The payloads before the token. Pairs with the writer's invalidation of a row, which is
    // visible before any byte of its chunk is overwritten: unchanged now, so whole then.
    this.#fence();
    if (!position.isIntact()) {
      const step = this.#retry(batch);
      // That must be reported before anything else is shown.
      return visit === undefined ? step : "overwritten";
    }
    position.advance(found.offset, length);
    // All of them were seen before: on to what comes after.
    return batch.length === 0 ? "moved" : "stay";
  }

  /** Passes the entries up to number `last`, which were read before. */
  skipTo(last: number): void {
    const position = this.#position;
    const batch = new EntryBatch();
    const passBy = { view: new EntryView(this.#segment.bytes), visit: () => {} };
    // Counted for good: a chunk of a forged table may lead back to where we were, again and again.
    for (let stuck = 0, furthest = -1; position.number < last && stuck < ATTEMPTS;) {
      if (position.number > furthest) furthest = position.number;
      else stuck++;
      this.#guard?.();
      this.#fence();
      if (!position.isInChunk) {
        if (position.locate() === "stay") return;
        // It may be behind that number by now.
        continue;
      }
      batch.clear();
      // Not one more than is missing: nobody sees what is taken here.
      const most = Math.min(last - position.number, BATCH_ENTRIES);
      this.#take(batch, most, false, passBy);
    }
  }

  /** No entry is at our position: why? `"moved"`: try again where we are now. */
  #nothingFound(): Step {
    const position = this.#position;
    const { limit, isComplete, broken } = this.#ahead;
    const { reason } = this.#found;
    const isEnd = isFinished(this.#segment, position.offset);
    this.#fence(); // the header before the token
    if (!position.isIntact()) return position.overrun();
    if (isEnd && !isComplete) {
      if (position.isPassed()) return position.damagedHeader(limit);
      position.finished();
      position.caughtUp();
      return "stay";
    }
    if (isComplete) {
      // The next chunk proves entries that are not there: unless it was just invalidated.
      return position.isVouchedFor(limit) ? position.damagedHeader(limit) : "stay";
    }
    if (reason === "wrap") return position.wrap();
    if (reason !== "open") return position.damagedHeader(limit);
    if (broken !== undefined) return position.damaged(() => broken);
    const step = position.passedBy();
    if (step === "stay") position.caughtUp();
    return step;
  }

  #retry(batch: EntryBatch): Step {
    batch.clear();
    return this.#position.overrun();
  }
}
