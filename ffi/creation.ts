/**
 * How memory is made: complete before anybody sees it, where the system lets us.
 *
 * @module
 */

import { SegmentExistsError, WriterLockedError } from "../src/errors.ts";
import type { Mapping } from "./mapping.ts";
import type { CreateOptions } from "./memory_options.ts";

/** How one kind of memory is made. */
export interface Maker<T extends Mapping> {
  /** What it is called in messages. */
  readonly what: string;
  /** Whether its name is taken. */
  isTaken(): boolean;
  /** Makes it without a name; undefined where that can't be. Gives its descriptor. */
  createNameless(): number | undefined;
  /** Gives that its name, which must be free; false where that can't be. */
  giveName(descriptor: number): boolean;
  /** Makes it under its name, which must be free; gives its descriptor. */
  create(): number;
  /** Gives it its size, sets memory aside for it, and maps it. */
  build(descriptor: number): T;
  /** Opens and maps what has the name. */
  open(): T;
  /** Closes what could not be built, and removes it if it has a name. */
  discard(descriptor: number, isNamed: boolean): void;
}

/** Makes memory that does not exist; nothing is left of it if that fails. */
export function make<T extends Mapping>(
  maker: Maker<T>,
  { lock = false, prepare }: CreateOptions<T>,
): T {
  const nameless = makeNameless(maker);
  if (nameless !== undefined) {
    const { memory, descriptor } = nameless;
    try {
      // Nobody else can have it.
      if (lock) memory.tryLock();
      prepare?.(memory);
      if (maker.giveName(descriptor)) return byItsName(maker, memory);
    } catch (error) {
      memory.close();
      throw error;
    }
    memory.close();
  }
  const memory = built(maker, maker.create(), true);
  try {
    if (lock && !memory.tryLock()) {
      throw new WriterLockedError(`${maker.what} was taken by another process as it was made`);
    }
    // Somebody may have had the lock before us, been done with it, and have removed it.
    if (!lock || memory.isCurrent()) {
      prepare?.(memory);
      return memory;
    }
  } catch (error) {
    // What somebody else has locked is theirs.
    if (error instanceof WriterLockedError) memory.close();
    else memory.discard();
    throw error;
  }
  memory.close();
  return make(maker, { lock, prepare });
}

function makeNameless<T extends Mapping>(
  maker: Maker<T>,
): { memory: T; descriptor: number } | undefined {
  const descriptor = maker.createNameless();
  if (descriptor === undefined) return undefined;
  let isTaken = true;
  try {
    // Before anything is set aside in vain: that it is still free is seen when it gets its name.
    isTaken = maker.isTaken();
  } finally {
    if (isTaken) maker.discard(descriptor, false);
  }
  if (isTaken) throw new SegmentExistsError(`creating ${maker.what} failed: exists already`);
  return { memory: built(maker, descriptor, false), descriptor };
}

/**
 * The same memory, mapped by its name: what was opened without one has none in the lists of a system
 * (`lsof`, `/proc/PID/maps`).
 */
function byItsName<T extends Mapping>(maker: Maker<T>, memory: T): T {
  let named: T;
  try {
    named = maker.open();
  } catch {
    // There is no descriptor left, it may not be read, or it is gone by now: it works without a name.
    return memory;
  }
  if (named.takeOver(memory)) return named;
  named.close();
  return memory;
}

function built<T extends Mapping>(maker: Maker<T>, descriptor: number, isNamed: boolean): T {
  try {
    return maker.build(descriptor);
  } catch (error) {
    maker.discard(descriptor, isNamed);
    throw error;
  }
}
