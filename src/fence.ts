/**
 * The order of plain loads and stores: what keeps a compiler, and a CPU, from moving them.
 *
 * Shared memory reaches us as a plain `ArrayBuffer`, for which the language promises no order at
 * all (its memory model is one of SharedArrayBuffers: ECMA-262, "Memory Model"); the engines do.
 * What the code of this library relies on, and where that is written:
 *
 * | | V8 (Deno, Node) | JSC (Bun) |
 * |---|---|---|
 * | plain loads and stores of typed arrays | never merged or moved over a call that is not inlined | may be merged and moved, but not over what writes typed arrays (1) |
 * | `Atomics` | calls of a builtin (2), never inlined | inlined; each, `Atomics.load` too, counts as a write to every typed array (1) |
 * | `Atomics.store` | sequentially consistent (2): xchg on x86-64, stlr on arm64, where later stores may still be seen before it | the same |
 * | `atomic.fence` of WebAssembly | nothing or a locked instruction on x86-64, `dmb ish` on arm64 (3) | `mfence` or the like, `dmb ish` |
 * | an `Int32Array`'s element | one load or store of 32 bits, never torn | the same |
 *
 * 1. WebKit, `Source/JavaScriptCore/dfg/DFGClobberize.h`: `GetByVal` of a typed array reads
 *    `TypedArrayProperties` and may be replaced by an earlier value; the nodes `AtomicsAdd` to
 *    `AtomicsXor` read and write them.
 * 2. V8, `src/builtins/builtins-sharedarraybuffer-gen.cc`: `AtomicsStore` and its like, with
 *    `AtomicMemoryOrder::kSeqCst`.
 * 3. V8, `src/compiler/backend/arm64/code-generator-arm64.cc`: `kArm64DmbIsh`.
 *
 * x86-64 keeps loads in order with loads and stores in order with stores, so there the compiler is
 * all that must be held back. (Only single loads: a copy of many bytes may load them in any order,
 * that of the kernel included.) arm64 keeps neither, unless the address of one load comes from
 * another: it needs a fence instruction, which JavaScript has only inside of WebAssembly.
 *
 * `Atomics.load` is used on a private word and never on shared memory that is only read: JSC
 * compiles it to a read-modify-write, which kills the process on a read-only map.
 *
 * Which order suffices was checked with a model of both kinds of memory (`test/model/log.pml`).
 *
 * @module
 */

/** Keeps every load and store before it before every load and store after it. */
export type Fence = () => void;

// An explicit ArrayBuffer: engines may move the storage of a small array that was made without one.
const privateWord = new Int32Array(new ArrayBuffer(4));

/**
 * Holds back the compiler only: enough on x86-64, where the CPU keeps the order we need.
 *
 * @example
 * ```ts
 * import { compilerFence, Reader, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(4096);
 * Writer.create(memory, { chunkCount: 4 }).write("on x86-64");
 * console.log(new Reader(memory, { fence: compilerFence }).read()?.text);
 * ```
 */
export function compilerFence(): void {
  // The result is used so that no optimizer may drop the load.
  if (Atomics.load(privateWord, 0) !== 0) throw new Error("the private word of the fence changed");
}

let fenceInstruction: Fence | undefined;

/**
 * Holds back the compiler and the CPU: enough on every machine, about 20 ns.
 *
 * @example
 * ```ts
 * import { fullFence, Reader, Writer } from "@ouroboros/log";
 *
 * const memory = new ArrayBuffer(4096);
 * Writer.create(memory, { chunkCount: 4, fence: fullFence }).write("anywhere");
 * console.log(new Reader(memory, { fence: fullFence }).read()?.text);
 * ```
 */
export function fullFence(): void {
  compilerFence();
  fenceInstruction ??= compileFence();
  fenceInstruction();
}

/** Compiles `(module (func (export "f") atomic.fence))`. */
function compileFence(): Fence {
  // deno-fmt-ignore
  const code = new Uint8Array([
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // "\0asm", version 1
    0x01, 0x04, 0x01, 0x60, 0x00, 0x00, // type 0: () -> ()
    0x03, 0x02, 0x01, 0x00, // function 0 has type 0
    0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00, // export function 0 as "f"
    0x0a, 0x07, 0x01, 0x05, 0x00, 0xfe, 0x03, 0x00, 0x0b, // its body: atomic.fence, end
  ]);
  return new WebAssembly.Instance(new WebAssembly.Module(code)).exports.f as Fence;
}
