/**
 * The calls of Windows that are used here, and how their arguments are made.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { OuroborosError } from "../../src/errors.ts";
import type { Driver, NativeFunctions, SymbolTable } from "../drivers/native.ts";
import { windowsError } from "./error.ts";

const CALLS = {
  CloseHandle: { parameters: ["u64"], result: "i32" },
  CreateFileMappingW: {
    parameters: ["u64", "u64", "i32", "i32", "i32", "bytes"],
    result: "u64",
  },
  CreateFileW: {
    parameters: ["bytes", "i32", "i32", "u64", "i32", "i32", "u64"],
    result: "u64",
  },
  CreateMutexW: { parameters: ["u64", "i32", "bytes"], result: "u64" },
  CreateSemaphoreW: { parameters: ["u64", "i32", "i32", "bytes"], result: "u64" },
  DeleteFileW: { parameters: ["bytes"], result: "i32" },
  FlushFileBuffers: { parameters: ["u64"], result: "i32" },
  FlushViewOfFile: { parameters: ["u64", "u64"], result: "i32" },
  GetCurrentProcessId: { parameters: [], result: "i32" },
  GetFileInformationByHandle: { parameters: ["u64", "bytes"], result: "i32" },
  GetFileInformationByHandleEx: { parameters: ["u64", "i32", "bytes", "i32"], result: "i32" },
  GetFileSizeEx: { parameters: ["u64", "bytes"], result: "i32" },
  GetFileType: { parameters: ["u64"], result: "i32" },
  GetLastError: { parameters: [], result: "i32" },
  GetSystemInfo: { parameters: ["bytes"], result: "i32" },
  LocalAlloc: { parameters: ["i32", "u64"], result: "u64" },
  LocalFree: { parameters: ["u64"], result: "u64" },
  LockFileEx: { parameters: ["u64", "i32", "i32", "i32", "i32", "bytes"], result: "i32" },
  MapViewOfFile: { parameters: ["u64", "i32", "i32", "i32", "u64"], result: "u64" },
  OpenFileMappingW: { parameters: ["i32", "i32", "bytes"], result: "u64" },
  ProcessIdToSessionId: { parameters: ["i32", "bytes"], result: "i32" },
  ReadFile: { parameters: ["u64", "bytes", "i32", "bytes", "bytes"], result: "i32" },
  ReadProcessMemory: { parameters: ["u64", "u64", "bytes", "u64", "bytes"], result: "i32" },
  ReleaseMutex: { parameters: ["u64"], result: "i32" },
  ReleaseSemaphore: { parameters: ["u64", "i32", "u64"], result: "i32" },
  SetFileInformationByHandle: { parameters: ["u64", "i32", "bytes", "i32"], result: "i32" },
  UnlockFileEx: { parameters: ["u64", "i32", "i32", "i32", "bytes"], result: "i32" },
  UnmapViewOfFile: { parameters: ["u64"], result: "i32" },
  VirtualQuery: { parameters: ["u64", "bytes", "u64"], result: "u64" },
  WaitForSingleObject: { parameters: ["u64", "i32"], result: "i32" },
} as const satisfies SymbolTable;

/** The same function as above, for what has no name. */
const NAMELESS = {
  CreateFileMappingW: { parameters: ["u64", "u64", "i32", "i32", "i32", "u64"], result: "u64" },
} as const satisfies SymbolTable;

const NT_CALLS = {
  NtOpenDirectoryObject: { parameters: ["bytes", "i32", "u64"], result: "i32" },
  NtQueryDirectoryObject: {
    parameters: ["u64", "u64", "i32", "i32", "i32", "bytes", "bytes"],
    result: "i32",
  },
  NtQueryMutant: { parameters: ["u64", "i32", "bytes", "i32", "u64"], result: "i32" },
} as const satisfies SymbolTable;

const SECURITY_CALLS = {
  GetKernelObjectSecurity: {
    parameters: ["u64", "i32", "bytes", "i32", "bytes"],
    result: "i32",
  },
  GetTokenInformation: { parameters: ["u64", "i32", "bytes", "i32", "bytes"], result: "i32" },
  OpenProcessToken: { parameters: ["u64", "i32", "bytes"], result: "i32" },
} as const satisfies SymbolTable;

/** The calls of kernel32.dll. */
export type Kernel32 = NativeFunctions<typeof CALLS>;

/** The calls of ntdll.dll, which is below it: what kernel32.dll has no function for. */
export type Ntdll = NativeFunctions<typeof NT_CALLS>;

/** The calls of advapi32.dll. */
export type Advapi32 = NativeFunctions<typeof SECURITY_CALLS>;

/** All calls. */
export interface WindowsCalls {
  /** How the runtime makes them. */
  readonly native: Driver;
  /** The most of them. */
  readonly kernel: Kernel32;
  /** Makes an object of a file's, or of the page file's, memory without a name. */
  readonly mapNameless: NativeFunctions<typeof NAMELESS>["CreateFileMappingW"];
  /** Those that tell what a mutex is like, without taking it, and which names there are. */
  readonly objects: Ntdll;
  /** Those about owners. */
  readonly security: Advapi32;
  /** Why the call before failed. At once: anything in between may change it. */
  lastError(): number;
  /** The error for that reason. */
  failed(call: string, what: string, reason: number): OuroborosError;
}

/** The handle that means none, of functions that give a file's; and the page file, for a section. */
export const INVALID_HANDLE = 0xffffffffffffffffn;
/** This process, as a handle. */
export const THIS_PROCESS = 0xffffffffffffffffn;
/** Finds the calls. */
export function windowsCalls(native: Driver): WindowsCalls {
  const kernel = native.open("kernel32.dll", CALLS);
  return {
    native,
    kernel,
    mapNameless: native.open("kernel32.dll", NAMELESS).CreateFileMappingW,
    objects: native.open("ntdll.dll", NT_CALLS),
    security: native.open("advapi32.dll", SECURITY_CALLS),
    lastError: () => kernel.GetLastError() >>> 0,
    failed: windowsError,
  };
}

/** Text as the functions whose names end in W take it. */
export function wide(text: string): Uint8Array {
  return Buffer.from(`${text}\0`, "utf16le");
}

/** The upper 32 bits of a size or an offset, as an argument. */
export function high(size: number): number {
  return Math.floor(size / 2 ** 32) | 0;
}

/** The lower 32 bits. */
export function low(size: number): number {
  return Number(BigInt.asIntN(32, BigInt(size)));
}

/** Memory for what a function fills in. */
export function room(byteLength: number): DataView<ArrayBuffer> {
  return new DataView(new ArrayBuffer(byteLength));
}

/** That memory, as an argument. */
export function bytesOf(view: DataView<ArrayBuffer>): Uint8Array {
  return new Uint8Array(view.buffer);
}
