/**
 * Whose an object of Windows is.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { bytesOf, room, THIS_PROCESS, type WindowsCalls } from "./calls.ts";

const OWNER = 1;
const TOKEN_QUERY = 8;
/** What a token tells: its user, and the owner of what it makes, a group for administrators. */
const TOKEN_USER = 1;
const TOKEN_OWNER = 4;
/** Where the identifier is in what it tells: behind a pointer to it, and of the user, attributes. */
const TOKEN_USER_SID = 16;
const TOKEN_OWNER_SID = 8;
/** Where a security descriptor says where its owner is. */
const OWNER_OFFSET = 4;
/** Room for a descriptor of an owner only, or an identifier (up to 68 bytes). */
const ROOM = 256;

/** Says whose objects are. */
export class Owners {
  readonly #calls: WindowsCalls;
  #ours: Buffer[] | undefined;

  /** Nothing is asked yet. */
  constructor(calls: WindowsCalls) {
    this.#calls = calls;
  }

  /** The last part of the owner's security identifier; 0 if it has no owner. */
  number(handle: number, what: string): number {
    const owner = this.#ownerOf(handle, what);
    return owner === undefined ? 0 : owner.readUInt32LE(owner.length - 4);
  }

  /** Whether we own it: this user, or the group that owns what this user makes. */
  isOurs(handle: number, what: string): boolean {
    const owner = this.#ownerOf(handle, what);
    // An object without one (Wine's sections) has nobody else, either.
    if (owner === undefined) return true;
    this.#ours ??= this.#findOurs();
    return this.#ours.some((ours) => ours.equals(owner));
  }

  #ownerOf(handle: number, what: string): Buffer | undefined {
    const descriptor = room(ROOM);
    const length = bytesOf(room(4));
    const { security } = this.#calls;
    const object = BigInt(handle);
    const bytes = bytesOf(descriptor);
    const isKnown = security.GetKernelObjectSecurity(object, OWNER, bytes, ROOM, length);
    const reason = this.#calls.lastError();
    if (isKnown === 0) throw this.#calls.failed("GetKernelObjectSecurity", what, reason);
    const offset = descriptor.getUint32(OWNER_OFFSET, true);
    return offset === 0 ? undefined : identifierAt(descriptor, offset);
  }

  #findOurs(): Buffer[] {
    const { kernel, security } = this.#calls;
    const handle = room(8);
    const isOpen = security.OpenProcessToken(THIS_PROCESS, TOKEN_QUERY, bytesOf(handle));
    const reason = this.#calls.lastError();
    if (isOpen === 0) throw this.#calls.failed("OpenProcessToken", "this process", reason);
    const token = handle.getBigUint64(0, true);
    const tell = (what: number, offset: number) => {
      const told = room(ROOM);
      security.GetTokenInformation(token, what, bytesOf(told), ROOM, bytesOf(room(4)));
      return identifierAt(told, offset);
    };
    try {
      return [tell(TOKEN_USER, TOKEN_USER_SID), tell(TOKEN_OWNER, TOKEN_OWNER_SID)];
    } finally {
      kernel.CloseHandle(token);
    }
  }
}

/** A security identifier: u8 revision, u8 count, 6 bytes authority, count times u32. */
function identifierAt(view: DataView<ArrayBuffer>, offset: number): Buffer {
  const length = 8 + 4 * view.getUint8(offset + 1);
  return Buffer.from(view.buffer.slice(offset, offset + length));
}
