/** The named semaphores of a simulated Mac. */

import assert from "node:assert/strict";
import { constants } from "node:fs";
import os from "node:os";
import { type MacErrno, type MacFunction, macText, NAME_LENGTH } from "./mac_function.ts";

const { errno: ERRNO } = os.constants;
const { O_CREAT } = constants;

interface Semaphore {
  value: number;
  mode: number;
}

/** Semaphores by name, and by the handles that were given for them. */
export class MacSemaphores {
  readonly #errno: MacErrno;
  readonly #semaphores = new Map<string, Semaphore>();
  readonly #handles = new Map<bigint, Semaphore>();
  #count = 0;

  constructor(errno: MacErrno) {
    this.#errno = errno;
  }

  /** The function of that name; `undefined` if it is not about semaphores. */
  function(name: string): MacFunction | undefined {
    switch (name) {
      case "sem_open":
        return [["bytes", "i32", "i32", "i32"], "u64", this.#semOpen, 2];
      case "sem_trywait":
        return [["u64"], "i32", (address: bigint) => {
          const semaphore = this.#handles.get(address);
          if (semaphore === undefined) return this.#errno.fail(ERRNO.EBADF);
          if (semaphore.value === 0) return this.#errno.fail(ERRNO.EAGAIN);
          semaphore.value--;
          return 0;
        }];
      case "sem_post":
        return [["u64"], "i32", (address: bigint) => {
          const semaphore = this.#handles.get(address);
          if (semaphore === undefined) return this.#errno.fail(ERRNO.EBADF);
          semaphore.value++;
          return 0;
        }];
      case "sem_close":
        return [
          ["u64"],
          "i32",
          (address: bigint) => this.#handles.delete(address) ? 0 : this.#errno.fail(ERRNO.EBADF),
        ];
      case "sem_unlink":
        return [
          ["bytes"],
          "i32",
          (name: Uint8Array) =>
            this.#semaphores.delete(macText(name)) ? 0 : this.#errno.fail(ERRNO.ENOENT),
        ];
      default:
        return undefined;
    }
  }

  #semOpen = (bytes: Uint8Array, flags: number, mode: number, value: number): bigint | number => {
    const name = macText(bytes);
    assert.equal(flags, O_CREAT);
    // The kernel counts the NUL here.
    if (bytes.length > NAME_LENGTH) return this.#errno.fail(ERRNO.ENAMETOOLONG);
    let semaphore = this.#semaphores.get(name);
    if (semaphore !== undefined && (semaphore.mode & 0o400) === 0) {
      return this.#errno.fail(ERRNO.EACCES);
    }
    semaphore ??= { value, mode };
    this.#semaphores.set(name, semaphore);
    const address = BigInt(1000 + this.#count++);
    this.#handles.set(address, semaphore);
    return address;
  };
}
