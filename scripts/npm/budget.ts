/** How large the package may be. */

import type { Sizes } from "./package.ts";

/** In bytes, unpacked. What grows over it does so on purpose, in the commit that changes this. */
const BUDGET: Record<keyof Sizes, number> = {
  library: 230_000,
  cli: 214_000,
  types: 175_000,
  maps: Infinity,
  texts: 35_000,
};

/** All but the maps. */
const TOTAL_BUDGET = 645_000;

/** Prints the sizes; says whether they are within the budget. */
export function withinBudget(sizes: Sizes): boolean {
  const kinds = Object.keys(sizes) as (keyof Sizes)[];
  const total = kinds.filter((kind) => kind !== "maps")
    .reduce((sum, kind) => sum + sizes[kind], 0);
  const within = kinds.map((kind) => isWithin(kind, sizes[kind], BUDGET[kind]));
  return isWithin("total", total, TOTAL_BUDGET) && !within.includes(false);
}

function isWithin(what: string, size: number, most: number): boolean {
  const limit = most === Infinity ? "" : ` of ${inDigits(most)}`;
  console.log(
    `${what.padEnd(8)} ${inDigits(size).padStart(7)} bytes${limit}${
      size > most ? ": too large" : ""
    }`,
  );
  return size <= most;
}

function inDigits(bytes: number): string {
  return bytes.toLocaleString("en-US");
}
