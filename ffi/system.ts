/**
 * What native memory needs of an operating system.
 *
 * @module
 */

/** Whether a memory may be written to: `"read"` maps it so that any store kills the process. */
export type Access = "read" | "read-write";

/** How memory will be used: `"normal"`, in order, anywhere, or all of it soon. */
export type Advice = "normal" | "sequential" | "random" | "willneed";

/**
 * Which object a name leads to. At one moment, equal device and inode mean the same object; later the
 * inode of one that is gone may be given to another, which only the time of creation tells. On macOS
 * the inode of a segment is a random number; that of another program's segment is not known, and 0.
 */
export interface SegmentIdentity {
  /** The number of the device. */
  readonly device: number;
  /** The number of the object on the device. */
  readonly inode: number;
  /**
   * When it was created, in microseconds since 1970, to the precision of its file system; 0 where that
   * does not say.
   */
  readonly created: number;
}

/** Sleeping on a 32-bit word of shared memory, across processes. */
export interface Futex {
  /** The number of the system call. */
  readonly number: bigint;
  /** Sleeps while the word at `address` is `expected`: until it is woken, or the time is over. */
  wait(address: bigint, expected: number, milliseconds: number): void;
  /** Wakes all threads that sleep on the word at `address`. */
  wake(address: bigint): void;
}

/** Named semaphores of an operating system. */
export interface Semaphores {
  /** How many bytes a name must be shorter than that of a segment. */
  readonly prefixLength: number;
  /** Opens one, or makes it with that value; returns its address. */
  open(name: string, mode: number, value: number): bigint;
  /** Takes one off the value if it is above 0; returns whether it was. */
  tryWait(address: bigint, name: string): boolean;
  /** Adds one. */
  post(address: bigint, name: string): void;
  /** Closes it. */
  close(address: bigint): void;
  /** Removes a name; returns whether there was one. */
  unlink(name: string): boolean;
}

/** Which object a name leads to at one moment. */
export type ObjectIdentity = Pick<SegmentIdentity, "device" | "inode">;

/** The files of an operating system, which are opened to be mapped. */
export interface Files {
  /** Creates a file that must not exist, without following a link; returns its descriptor. */
  create(path: string, mode: number): number;
  /** Opens a regular file; to write, without following a link. Returns its descriptor. */
  open(path: string, access: Access): number;
  /** Which file a path leads to if it is opened like this; undefined if it does not exist. */
  identify(path: string, access: Access): ObjectIdentity | undefined;
  /** Removes a file; returns whether there was one. */
  unlink(path: string): boolean;
  /** Writes a file to its disk off this thread; false if its path leads to another one by now. */
  sync(path: string, identity: ObjectIdentity): Promise<boolean>;
  /** Closes a descriptor. */
  close(descriptor: number): void;
}

/** Segments and files that have no name yet, where a system has such. */
export interface Nameless {
  /** Makes a segment; returns its descriptor, or undefined if that can't be here. */
  createShared(mode: number): number | undefined;
  /** Makes a file in the folder of a path; returns its descriptor, or undefined if that can't be there. */
  createFile(path: string, mode: number): number | undefined;
  /**
   * Gives a segment its name, which must be free unless it is taken away from what has it, in one step;
   * false if that can't be here.
   */
  nameShared(descriptor: number, name: string, takesAway: boolean): boolean;
  /** Gives a file its path in the same way; false if that can't be there. */
  nameFile(descriptor: number, path: string, takesAway: boolean): boolean;
}

/** How a program ended, and what it took. */
export interface ProcessEnd {
  /** The process. */
  pid: number;
  /** The exit code, if it ended by itself. */
  exitCode?: number;
  /** The signal that ended it. */
  signal?: { name: string; number: number };
  /** Whether it left a core dump. */
  coreDumped?: boolean;
  /** CPU time in milliseconds, of its own processes, too, that it waited for. */
  userTime?: number;
  systemTime?: number;
  /** The largest memory of one of these in bytes. */
  maxMemory?: number;
}

/** A descriptor that a program inherits, or the path of its terminal. */
export type Inherited = number | string;

/** Programs started by this process, with pipes or terminals of their own. */
export interface Processes {
  /**
   * A pipe with room for about `size` bytes, whose ends no program inherits. The readable one is for
   * `node:fs`, the other one for `spawn()` and `close()`.
   */
  pipe(size: number): [readable: number, writable: number];
  /** The environment of this process, with items like `NAME=value`. */
  environment(): string[];
  /**
   * Starts a program, which is looked for as a shell does, with those descriptors as its first ones;
   * returns its pid. An environment has items like `NAME=value`. In place of descriptors may stand the
   * path of one terminal: it controls the program, in a session of its own.
   */
  spawn(
    command: readonly string[],
    environment: readonly string[],
    descriptors: readonly [Inherited, Inherited, Inherited],
  ): number;
  /** How a process ended, of -1 any that was started here; `undefined` while it runs. */
  wait(pid: number): ProcessEnd | undefined;
  /** Lets a signal do nothing to this process, if it would end it; programs get it as usual. */
  ignoreSignal(number: number): void;
  /** Closes the writable end of a pipe. */
  close(descriptor: number): void;
}

/** The size of a terminal in characters. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** Terminals. Their settings are bytes that only the system knows. */
export interface Terminals {
  /** Makes a pseudo-terminal: its side for `node:fs`, and the path of the other one, for a program. */
  open(): { descriptor: number; path: string };
  /** The size of a terminal; `undefined` if a descriptor is of none. */
  size(descriptor: number): TerminalSize | undefined;
  /** Gives a terminal its size; programs in it get SIGWINCH if it is another one. */
  setSize(descriptor: number, size: TerminalSize): void;
  /** The settings of a terminal; `undefined` if a descriptor is of none. */
  settings(descriptor: number): Uint8Array | undefined;
  /** The same, but for keys: each is handed on as it is, and none is shown. */
  raw(settings: Uint8Array): Uint8Array;
  /** Gives a terminal its settings. */
  setSettings(descriptor: number, settings: Uint8Array): void;
}

/** What to call on one operating system. Errors are thrown by class; `what` names the object. */
export interface System {
  /** The longest name of a shared memory segment in bytes of UTF-8, without its `/`. */
  readonly maxNameLength: number;
  /** The largest memory that this runtime can look at, in bytes. */
  readonly maxView: number;
  /** The size of a page in bytes. */
  readonly pageSize: number;
  /** How to sleep on shared memory, where that is possible. */
  readonly futex: Futex | undefined;
  /** Whether a segment stays until its name is removed, even when nobody has it open. */
  readonly persists: boolean;
  /** Its files. */
  readonly files: Files;
  /** What has no name yet, where there is such. */
  readonly nameless?: Nameless;
  /**
   * How many bytes of memory this process and those that share its limit may have, segments included;
   * with what can be written to a disk instead. Infinity if there is no limit.
   */
  memoryLimit(withSwap: boolean): number;
  /** How many bytes are free for segments; Infinity where that is not known. */
  freeSpace(): number;
  /**
   * How many bytes a file of this process may have, and a segment, too; Infinity if there is no limit, or
   * where that is not known.
   */
  fileLimit(): number;
  /** The command line of this process, where the system tells. */
  commandLine?(): string[];
  /** A segment's name as it is used here; a RangeError if it is not usable. */
  normalizeName(name: string): string;
  /** The size that a segment has if one of `size` bytes is asked for. */
  segmentSize(size: number): number;
  /** Creates a segment that must not exist, of that size or of none yet; returns its descriptor. */
  createShared(name: string, mode: number, size: number): number;
  /** Opens a segment; returns its descriptor. */
  openShared(name: string, access: Access): number;
  /** What a segment's name leads to, be it a link, where that is available without a descriptor. */
  identifyShared?(name: string): ObjectIdentity | undefined;
  /** Removes a segment's name, where it persists; returns whether there was one. */
  unlinkShared(name: string): boolean;
  /** The names of all segments. */
  listShared(): string[];
  /** Gives an object its size. */
  setSize(descriptor: number, size: number, what: string): void;
  /** Sets memory or disk aside for all of it. */
  reserve(descriptor: number, size: number, what: string, isFile: boolean): void;
  /** Sets the permission bits. */
  setMode(descriptor: number, mode: number, what: string): void;
  /** Maps an object, from `offset` on, the start of a page; returns the address. */
  map(descriptor: number, size: number, access: Access, what: string, offset?: number): bigint;
  /** A view of mapped memory. */
  view(address: bigint, size: number): ArrayBuffer;
  /** Unmaps. */
  unmap(address: bigint, size: number): void;
  /** Writes mapped memory to its file, and waits for that or not. */
  flush(descriptor: number, address: bigint, size: number, wait: boolean, what: string): void;
  /** Tells how mapped memory will be used. */
  advise(address: bigint, size: number, advice: Advice, what: string): void;
  /** Copies bytes of an object, from `offset` on, by a system call; returns how many there were. */
  read(descriptor: number, into: Uint8Array, offset: number, what: string): number;
  /** The size of an object in bytes. */
  size(descriptor: number): number;
  /** Whether there may be no memory, or disk, for some of it yet; false where that is not known. */
  hasHoles(descriptor: number): boolean;
  /** Whether all names of an object were removed, where that is known. */
  isUnlinked?: (descriptor: number) => boolean;
  /** Which object a descriptor leads to. */
  identify(descriptor: number): SegmentIdentity;
  /**
   * When what a path leads to was created, as `identify()` has it, where a file may be copied under
   * a process that has it open: the copy has the same numbers.
   */
  pathCreatedAt?(path: string, isFollowed: boolean): number;
  /** The number of the user who owns it. */
  owner(descriptor: number): number;
  /** The number of the user that this process acts for; 0 where there are no such numbers. */
  user(): number;
  /** Whether the owner is that user, beyond doubt. */
  isOwn(descriptor: number): boolean;
  /** Takes the lock that one descriptor at a time can hold; returns whether it did. */
  lock(descriptor: number): boolean;
  /** Whether another descriptor has the lock, asked by one that has not. */
  isLocked(descriptor: number): boolean;
  /** The process that holds the lock, asked by one that has not, where the system tells. */
  lockHolder?(descriptor: number): number | undefined;
  /** Releases the lock. */
  unlock(descriptor: number): void;
  /** The descriptor to lock for a segment: its own, or one made for the purpose. */
  lockDescriptor(descriptor: number, name: string | undefined): number;
  /** Whether all have closed the other end of a pipe or socket, where the system tells. */
  isHungUp?(descriptor: number): boolean;
  /** Closes a descriptor. */
  close(descriptor: number): void;
  /** Its programs, where they can be started by native functions. */
  processes?(): Processes;
  /** Its terminals, where programs can be given some. */
  terminals?(): Terminals;
  /** Its semaphores, looked up when they are first asked for. */
  semaphores(): Semaphores;
}
