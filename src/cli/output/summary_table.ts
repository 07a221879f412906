/**
 * What entries sum up to, printed at the end: `--count-by` and `--stats`.
 *
 * @module
 */

import type { Field } from "../../records/question/field.ts";
import { type Group, Summary } from "../../records/summary.ts";
import { csvLine, pair } from "./cells.ts";
import { table } from "./columns.ts";
import type { EntryFormat } from "./entry_format.ts";
import { harmlessJson, oneLine } from "./harmless.ts";
import type { Output } from "./output.ts";
import { entryCount, warn } from "./warn.ts";

/** What to sum up. */
export interface SummaryCommandOptions {
  countBy?: readonly Field[];
  stats?: Field;
}

const PARTS = { p50: 0.5, p90: 0.9, p99: 0.99 };
const REST = "(other values)";
const MISSING = "-";

/** A summary of entries, if one is asked for. */
export function summaryOf({ countBy, stats }: SummaryCommandOptions): Summary | undefined {
  if (countBy === undefined && stats === undefined) return undefined;
  return new Summary({ ...countBy && { by: countBy }, ...stats && { of: stats } });
}

/** Prints a summary, in the format that entries would have. */
export function writeSummary(
  summary: Summary,
  { countBy = [], stats }: SummaryCommandOptions,
  format: EntryFormat,
  output: Output,
): void {
  const names = countBy.map(({ name }) => name);
  const groups = summary.groups();
  // Nothing was measured: a row of zeros says so.
  if (stats !== undefined && groups.length === 0 && names.length === 0) {
    groups.push({ values: [], isRest: false, count: 0, measured: undefined });
  }
  const rows = groups.map((group) => numbersOf(group, stats !== undefined));
  const columns = [...names, ...Object.keys(rows[0] ?? numbersOf(EMPTY, stats !== undefined))];
  switch (format) {
    case "json":
      groups.forEach((group, i) => {
        const object: Record<string, unknown> = Object.create(null);
        names.forEach((name, at) => object[name] = group.isRest ? REST : group.values[at] ?? null);
        Object.assign(object, stats && { field: stats.name }, rows[i]);
        output.write(`${harmlessJson(JSON.stringify(object))}\n`);
      });
      break;
    case "csv":
      output.write(`${csvLine(columns)}\n`);
      groups.forEach((group, i) => {
        const values = names.map((_, at) => group.isRest ? REST : group.values[at]);
        output.write(`${csvLine([...values, ...Object.values(rows[i])])}\n`);
      });
      break;
    case "logfmt":
      groups.forEach((group, i) => {
        const pairs = names.map((name, at) =>
          pair(name, group.isRest ? REST : group.values[at] ?? "")
        );
        const numbers = Object.entries(rows[i]).map(([name, value]) => pair(name, value ?? ""));
        output.write(`${[...pairs, ...numbers].join(" ")}\n`);
      });
      break;
    default: {
      // The numbers first: values may be long.
      const numbers = columns.slice(names.length);
      const lines = groups.map((group, i) => [
        ...numbers.map((name) => rows[i][name] ?? MISSING),
        ...names.map((_, at) => group.isRest ? REST : oneLine(group.values[at] ?? MISSING)),
      ]);
      output.write(table([[...numbers, ...names.map(oneLine)], ...lines]));
    }
  }
  const { unmeasured } = summary;
  if (stats !== undefined && unmeasured > 0) {
    warn(`${entryCount(unmeasured)} left out: no number in "${oneLine(stats.name)}"`);
  }
  if (groups.some(({ measured }) => measured?.isExact === false)) {
    warn("p50, p90 and p99 of many values are within 0.5 %");
  }
  if (groups.some(({ isRest }) => isRest)) {
    warn(`there are more than ${groups.length - 1} different values: the others are one row`);
  }
}

const EMPTY: Group = { values: [], isRest: false, count: 0, measured: undefined };

/** The numbers of a group, by their names. */
function numbersOf(
  { count, measured }: Group,
  isMeasured: boolean,
): Record<string, number | undefined> {
  if (!isMeasured) return { count };
  const rounded = (value: number) =>
    measured?.isExact ? value : Number.parseFloat(value.toPrecision(4));
  const parts = Object.entries(PARTS).map(([name, part]) => [
    name,
    measured && rounded(measured.at(part)),
  ]);
  return { count, min: measured?.least, ...Object.fromEntries(parts), max: measured?.most };
}
