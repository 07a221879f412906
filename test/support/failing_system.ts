/** Linux for tests, whose system calls can be made to fail, one at a time. */

import os from "node:os";
import process from "node:process";
import { replaceSystem } from "../../ffi/current_system.ts";
import { driver } from "../../ffi/drivers/driver.ts";
import type { Driver } from "../../ffi/drivers/native.ts";
import { posixSystem } from "../../ffi/posix/posix.ts";
import type { Files } from "../../ffi/system.ts";
import { systemError } from "../../ffi/system_error.ts";

/** What is called here. */
// deno-lint-ignore no-explicit-any -- functions of all kinds
type Call = (...given: any[]) => unknown;

/** What each call gives when it fails; those that are not here never do, or nothing hangs on it. */
const FAILURES: Record<string, (reason: number) => unknown> = {
  ftruncate: () => -1,
  fchmod: () => -1,
  flock: () => -1,
  fstat: () => -1,
  lseek: () => -1,
  linkat: () => -1,
  lstat: () => -1,
  mmap: () => 0xffff_ffff_ffff_ffffn,
  open: () => -1,
  posix_fallocate: (reason) => reason,
  sem_open: () => 0n,
  sem_trywait: () => -1,
  sem_unlink: () => -1,
  shm_open: () => -1,
  shm_unlink: () => -1,
  statx: () => -1,
};

const LOCK_UN = 8;
const ERRNO_SIZE = 4;

/** Linux, until it is disposed of, with calls that fail when a test says so. */
export class FailingSystem implements Disposable {
  /** Is asked before each call that can fail: the number of an error, or 0. */
  onCall: (name: string, given: unknown[]) => number = () => 0;
  #errno: Int32Array | undefined;

  constructor() {
    const system = posixSystem("linux", process.arch, this.#driver());
    replaceSystem({ ...system, files: this.#files(system.files) });
  }

  /** Lets the `count`-th call from now on fail, and no other; gives what that was, when it was. */
  failAt(count: number): { failed?: string } {
    const found: { failed?: string } = {};
    let calls = 0;
    this.onCall = (name) => {
      if (++calls !== count) return 0;
      found.failed = name;
      return os.constants.errno.EMFILE;
    };
    return found;
  }

  /** Lets nothing fail. */
  heal(): void {
    this.onCall = () => 0;
  }

  [Symbol.dispose](): void {
    replaceSystem(undefined);
  }

  #driver(): Driver {
    const real = driver();
    return {
      name: real.name,
      maxView: real.maxView,
      open: (library, table) => {
        const functions = real.open(library, table) as Record<string, Call>;
        return Object.fromEntries(
          Object.entries(functions).map(([name, call]) => [name, this.#wrap(name, call)]),
          // deno-lint-ignore no-explicit-any -- as many as there were
        ) as any;
      },
      view: (address, byteLength) => {
        const view = real.view(address, byteLength);
        if (byteLength === ERRNO_SIZE) this.#errno = new Int32Array(view);
        else if (this.onCall("view", [address, byteLength]) !== 0) {
          throw new RangeError("no view for this test");
        }
        return view;
      },
    };
  }

  #wrap(name: string, call: Call): Call {
    const fail = FAILURES[name];
    if (fail === undefined) return call;
    return (...given) => {
      if (name === "flock" && (given[1] & LOCK_UN) !== 0) return call(...given);
      const reason = this.onCall(name, given);
      if (reason === 0) return call(...given);
      const result = fail(reason);
      this.#errno![0] = reason;
      return result;
    };
  }

  #files(real: Files): Files {
    const wrap = <T extends Call>(name: string, call: T): T =>
      ((...given) => {
        const reason = this.onCall(`file ${name}`, given);
        if (reason !== 0) throw systemError(name, `file "${given[0]}"`, reason);
        return call(...given);
      }) as T;
    return {
      create: wrap("create", real.create),
      open: wrap("open", real.open),
      identify: wrap("identify", real.identify),
      unlink: wrap("unlink", real.unlink),
      sync: real.sync,
      close: real.close,
    };
  }
}
