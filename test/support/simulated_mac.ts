/**
 * A Mac for tests: a driver that answers like libSystem. It looks whether each function is called as
 * its processor wants that, and records who was called with what; what the calls do is the kernel's.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { replaceSystem } from "../../ffi/current_system.ts";
import { driver } from "../../ffi/drivers/driver.ts";
import type { Driver, NativeType } from "../../ffi/drivers/native.ts";
import { posixSystem } from "../../ffi/posix/posix.ts";
import type { MacCode } from "./mac_function.ts";
import { ERRNO_ADDRESS, type MacArch, MacKernel } from "./mac_kernel.ts";

/** One call of a function. Of a variadic one without the padding. */
export interface MacCall {
  name: string;
  given: unknown[];
}

const FAILED = 0xffff_ffff_ffff_ffffn;
const PADDING: NativeType[] = ["i64", "i64", "i64", "i64", "i64", "i64"];

/** A Mac of one user that takes the place of this system until it is disposed of. */
export class SimulatedMac implements Disposable {
  readonly calls: MacCall[] = [];
  /** Where the lock files are. */
  readonly lockFolder: string;
  /** Any folder. */
  readonly folder: string;
  /** Called before each call, to do what another process would. */
  onCall: ((call: MacCall) => void) | undefined;
  /** Errors to fail with, by function: the name of each is used up. */
  readonly failures = new Map<string, number[]>();

  readonly #arch: MacArch;
  readonly #kernel: MacKernel;

  constructor(arch: MacArch) {
    this.#arch = arch;
    this.folder = mkdtempSync(`${tmpdir()}/ouroboros-mac-`);
    this.lockFolder = mkdtempSync(`${this.folder}/locks-`);
    this.#kernel = new MacKernel(arch, this.folder);
    this.restart();
  }

  /** Begins anew as another process would: with nothing remembered. */
  restart(): void {
    replaceSystem(posixSystem("darwin", this.#arch, this.#driver(), this.lockFolder));
  }

  [Symbol.dispose](): void {
    replaceSystem(undefined);
    rmSync(this.folder, { recursive: true });
    assert.deepEqual(
      this.#kernel.openDescriptors,
      [],
      "descriptors of segments that are still open",
    );
  }

  /** The calls of some functions, by name and arguments; the list begins anew. */
  take(...names: string[]): unknown[][] {
    const found = this.calls.filter(({ name }) => names.length === 0 || names.includes(name));
    this.calls.length = 0;
    return found.map(({ name, given }) => [name, ...given]);
  }

  /** Makes a segment as a program that is not ours does. */
  makeForeign(name: string, content: Uint8Array): void {
    this.#kernel.makeForeign(name, content);
  }

  /** The file that stands for the memory of a segment. */
  fileOf(name: string): string {
    return this.#kernel.fileOf(name);
  }

  #driver(): Driver {
    return {
      name: driver().name,
      maxView: driver().maxView,
      open: (library, table) => {
        assert.equal(library, "/usr/lib/libSystem.B.dylib");
        const functions: Record<string, MacCode> = {};
        for (const [name, { parameters, result }] of Object.entries(table)) {
          const [expected, resultType, call, named] = this.#kernel.function(name);
          const isPadded = named !== undefined && this.#arch === "arm64";
          assert.deepEqual(
            [...parameters],
            isPadded
              ? [
                ...expected.slice(0, named),
                ...PADDING,
                ...expected.slice(named).map((type) => type === "i32" ? "i64" : type),
              ]
              : expected,
            `arguments of ${name}`,
          );
          assert.equal(result, resultType, `result of ${name}`);
          functions[name] = (...raw: unknown[]) => {
            assert.equal(raw.length, parameters.length, `${name} was called with ${raw.length}`);
            let given = raw;
            if (isPadded) {
              assert.deepEqual(raw.slice(named, named + 6), PADDING.map(() => 0n));
              given = [...raw.slice(0, named), ...raw.slice(named + 6)].map((value, i) =>
                i >= named && expected[i] === "i32" ? Number(value) : value
              );
            }
            return this.#run(name, call, given, result === "u64" && name !== "__error");
          };
        }
        return functions as never;
      },
      view: (address, byteLength) =>
        address === ERRNO_ADDRESS
          ? this.#kernel.errno.word.buffer as ArrayBuffer
          : driver().view(address, byteLength),
    };
  }

  #run(name: string, call: MacCode, given: unknown[], isAddress: boolean): number | bigint {
    const shown = given.map((value) =>
      value instanceof Uint8Array && name !== "fcntl" && name.includes("_") &&
        !name.startsWith("fstat")
        ? new TextDecoder().decode(value).replace(/\0$/, "")
        : value instanceof Uint8Array
        ? value.slice()
        : value
    );
    const made = { name, given: shown };
    this.calls.push(made);
    this.onCall?.(made);
    const failure = this.failures.get(name)?.shift();
    const result = failure === undefined
      ? call(...given as never[])
      : this.#kernel.errno.fail(failure);
    return isAddress && result === -1 ? FAILED : result;
  }
}
