/**
 * Memory that several objects share, kept from being transferred away by the owner of one of them.
 *
 * @module
 */

type Mark = (buffer: ArrayBufferLike) => void;

const ignore: Mark = () => {};
let mark: Mark | undefined;

/**
 * Makes `postMessage` and `structuredClone` refuse to transfer `buffer`, where there is a way to: on
 * Deno, Bun and Node. It costs a microsecond, so it is done once for a block and not for an entry.
 */
export function keepFromTransfer(buffer: ArrayBufferLike): void {
  mark ??= findMark();
  mark(buffer);
}

function findMark(): Mark {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): { markAsUntransferable?: Mark } | undefined };
  };
  const known = process?.getBuiltinModule?.("node:worker_threads")?.markAsUntransferable;
  try {
    known?.(new ArrayBuffer(1));
  } catch {
    // A version that has only its name.
    return ignore;
  }
  return known ?? ignore;
}
