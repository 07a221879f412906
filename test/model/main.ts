/** `deno task model`: the protocol in all shapes, and every mutant. */

import { availableParallelism } from "node:os";
import process from "node:process";
import { Command } from "commander";
import {
  check,
  forEachOf,
  LARGE_SHAPES,
  MUTANTS,
  type Outcome,
  QUICK_MUTANTS,
  SMALL_SHAPES,
  whatIsMissing,
} from "./model.ts";

const { small, only } = new Command("model")
  .description(
    "Explores the protocol of the log state by state: it must hold, each mutant must fail.",
  )
  .option("--small", "the shapes and mutants that take seconds")
  .option("--only <text>", "what has this in its name")
  .parse()
  .opts<{ small?: boolean; only?: string }>();

const missing = whatIsMissing();
if (missing !== undefined) {
  console.log(`model: skipped: ${missing}`);
  process.exit(0);
}
const isWanted = ({ title, name = "" }: { title: string; name?: string }) =>
  only === undefined || title.includes(only) || name.includes(only);
const shapes = [...SMALL_SHAPES, ...(small ? [] : LARGE_SHAPES)].filter(isWanted);
const mutants = MUTANTS.filter(isWanted)
  .filter(({ name }) => !small || QUICK_MUTANTS.includes(name));
const start = performance.now();
let states = 0;
let failures = 0;

console.log("The protocol");
await forEachOf(shapes, availableParallelism(), async (shape) => {
  const outcome = await check(shape, LARGE_SHAPES.includes(shape) ? "-O2" : "-O0");
  const { violated } = outcome;
  print(shape.title, violated === undefined ? "holds" : `VIOLATES ${violated}`, outcome);
  if (violated !== undefined) failures++;
});
console.log("\nMutants, and what they violate");
await forEachOf(mutants, availableParallelism(), async (mutant) => {
  const outcome = await check(mutant);
  print(mutant.title, outcome.violated ?? "NOT CAUGHT", outcome);
  if (outcome.violated === undefined) failures++;
});
const seconds = (performance.now() - start) / 1000;
console.log(
  `\n${shapes.length} shapes and ${mutants.length} mutants, ` +
    `${states.toLocaleString("en-US")} states in ${seconds.toFixed(0)} s: ` +
    (failures === 0 ? "all as it must be" : `${failures} NOT as it must be`),
);
process.exit(failures === 0 ? 0 : 1);

function print(title: string, result: string, outcome: Outcome): void {
  states += outcome.states;
  console.log(
    `  ${title.padEnd(68)} ${result.padEnd(26)} ` +
      `${outcome.states.toLocaleString("en-US").padStart(12)} states ` +
      `${outcome.seconds.toFixed(1).padStart(6)} s`,
  );
}
