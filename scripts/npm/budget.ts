/** How large the package may be. */

import type { Sizes } from "./package.ts";

/** In bytes, unpacked. What grows over it does so on purpose, in the commit that changes this. */
const BUDGET: Record<keyof Sizes, number> = {
  library: 250_000,
  cli: 330_000,
  types: 280_000,
  maps: Infinity,
  texts: 90_000,
};

/** Prints the sizes; says whether they are within the budget. */
export function withinBudget(sizes: Sizes): boolean {
  let isWithin = true;
  for (const [kind, size] of Object.entries(sizes) as [keyof Sizes, number][]) {
    const isTooMuch = size > BUDGET[kind];
    if (isTooMuch) isWithin = false;
    const most = BUDGET[kind] === Infinity ? "" : ` of ${kib(BUDGET[kind])}`;
    console.log(`${kind.padEnd(8)} ${kib(size)}${most}${isTooMuch ? ": too large" : ""}`);
  }
  return isWithin;
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KiB`;
}
