/**
 * How memory is made: complete before anybody sees it, where the system lets us.
 *
 * @module
 */

import { NativeUnavailableError, WriterLockedError } from "../src/errors.ts";
import type { Mapping } from "./mapping.ts";
import type { CreateOptions } from "./memory_options.ts";
import { existsAlready } from "./system_error.ts";

/** How one kind of memory is made. */
export interface Maker<T extends Mapping> {
  /** What it is called in messages. */
  readonly what: string;
  /** Whether its name is taken. */
  isTaken(): boolean;
  /** Makes it without a name; undefined where that can't be. Returns its descriptor. */
  createNameless(): number | undefined;
  /** Gives that its name, which must be free unless it replaces what has it; false where that can't be. */
  giveName(descriptor: number, replaces: boolean): boolean;
  /** Makes it under its name, which must be free; returns its descriptor. */
  create(): number;
  /** Gives it its size, sets memory aside for it, and maps it. */
  build(descriptor: number): T;
  /** Whether its name leads to what that descriptor is of. */
  leadsTo(descriptor: number): boolean;
  /** Removes its name. */
  unlink(): void;
  /** Closes a descriptor. */
  close(descriptor: number): void;
}

/** Makes memory that does not exist; nothing is left of it if that fails. */
export function make<T extends Mapping>(
  maker: Maker<T>,
  { lock = false, replaces = false, prepare }: CreateOptions<T>,
): T {
  const nameless = makeNameless(maker, replaces);
  if (nameless !== undefined) {
    const { memory, descriptor } = nameless;
    try {
      // Nobody else can have it.
      if (lock) memory.tryLock();
      prepare?.(memory);
      // In /proc/PID/maps it stays without one; `lsof PATH` and the like find it by its inode.
      if (maker.giveName(descriptor, replaces)) return memory;
    } catch (error) {
      memory.close();
      throw error;
    }
    memory.close();
  }
  if (replaces) {
    throw new NativeUnavailableError(`${maker.what} can't be replaced in one step here`);
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
  replaces: boolean,
): { memory: T; descriptor: number } | undefined {
  const descriptor = maker.createNameless();
  if (descriptor === undefined) return undefined;
  let isTaken = true;
  try {
    // Before anything is set aside for nothing: that it is still free is seen when it gets its name.
    isTaken = !replaces && maker.isTaken();
  } finally {
    if (isTaken) maker.close(descriptor);
  }
  if (isTaken) throw existsAlready(maker.what);
  return { memory: built(maker, descriptor, false), descriptor };
}

function built<T extends Mapping>(maker: Maker<T>, descriptor: number, isNamed: boolean): T {
  try {
    return maker.build(descriptor);
  } catch (error) {
    discard(maker, descriptor, isNamed);
    throw error;
  }
}

/** Removes what could not be built, unless somebody put another one in its place. */
function discard<T extends Mapping>(maker: Maker<T>, descriptor: number, isNamed: boolean): void {
  try {
    if (isNamed && maker.leadsTo(descriptor)) maker.unlink();
  } catch {
    // Why it could not be built says more than why it could not be removed.
  } finally {
    maker.close(descriptor);
  }
}
