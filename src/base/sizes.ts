/**
 * Sizes as people write them.
 *
 * @module
 */

const UNITS: Record<string, number> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  kib: 2 ** 10,
  kb: 1e3,
  m: 2 ** 20,
  mib: 2 ** 20,
  mb: 1e6,
  g: 2 ** 30,
  gib: 2 ** 30,
  gb: 1e9,
};

/** Reads `"65536"`, `"64KiB"`, `"64k"` (1024) or `"64kB"` (1000) as bytes; `undefined` if it is not a size. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) *([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = UNITS[unit?.toLowerCase()];
  const size = Number(digits) * factor;
  return Number.isSafeInteger(size) ? size : undefined;
}

/** Writes bytes as `"512 B"`, `"64 KiB"`, `"1.5 MiB"`. */
export function formatSize(bytes: number): string {
  if (bytes < 2 ** 10) return `${bytes} B`;
  const [factor, unit] = bytes < 2 ** 20
    ? [2 ** 10, "KiB"]
    : bytes < 2 ** 30
    ? [2 ** 20, "MiB"]
    : [2 ** 30, "GiB"];
  return `${Number((bytes / factor).toFixed(1))} ${unit}`;
}
