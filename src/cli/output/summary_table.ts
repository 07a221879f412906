/**
 * What entries sum up to, printed at the end: `--count-by`, `--stats` and `--every`.
 *
 * @module
 */

import type { Field } from "../../records/question/field.ts";
import { type Group, Summary } from "../../records/summary.ts";
import { toIsoTime } from "../../records/time.ts";
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
  every?: number;
}

const PARTS = { p50: 0.5, p90: 0.9, p99: 0.99 };
const REST = "(other values)";
const MISSING = "-";

/** A summary of entries. */
export function summaryOf({ countBy, stats, every }: SummaryCommandOptions): Summary {
  return new Summary({
    ...countBy && { by: countBy },
    ...stats && { of: stats },
    ...every !== undefined && { every },
  });
}

/** Prints a summary, in the format that entries would have. */
export function writeSummary(
  summary: Summary,
  { countBy = [], stats, every }: SummaryCommandOptions,
  format: EntryFormat,
  output: Output,
): void {
  const times = every === undefined ? [] : ["time"];
  const names = [...times, ...countBy.map(({ name }) => name)];
  const groups = summary.groups();
  const valuesOf = ({ start, values, isRest }: Group) =>
    isRest
      ? names.map(() => REST)
      : every === undefined
      ? values
      : [start === undefined ? undefined : toIsoTime(start), ...values];
  // Nothing was measured: a row of zeros says so.
  if (stats !== undefined && groups.length === 0 && names.length === 0) {
    groups.push(EMPTY);
  }
  const rows = groups.map((group) => numbersOf(group, stats !== undefined));
  const columns = [...names, ...Object.keys(rows[0] ?? numbersOf(EMPTY, stats !== undefined))];
  switch (format) {
    case "json":
      groups.forEach((group, i) => {
        const object: Record<string, unknown> = Object.create(null);
        const values = valuesOf(group);
        names.forEach((name, at) => object[name] = values[at] ?? null);
        Object.assign(object, stats && { field: stats.name }, rows[i]);
        output.write(`${harmlessJson(JSON.stringify(object))}\n`);
      });
      break;
    case "csv":
      output.write(`${csvLine(columns)}\n`);
      groups.forEach((group, i) => {
        output.write(`${csvLine([...valuesOf(group), ...Object.values(rows[i])])}\n`);
      });
      break;
    case "logfmt":
      groups.forEach((group, i) => {
        const values = valuesOf(group);
        const pairs = names.map((name, at) => pair(name, values[at] ?? ""));
        const numbers = Object.entries(rows[i]).map(([name, value]) => pair(name, value ?? ""));
        output.write(`${[...pairs, ...numbers].join(" ")}\n`);
      });
      break;
    default: {
      // The times first, then the numbers: values may be long.
      const numbers = columns.slice(names.length);
      const inOrder = <T>(all: readonly T[], others: readonly T[]) => [
        ...all.slice(0, times.length),
        ...others,
        ...all.slice(times.length),
      ];
      const lines = groups.map((group, i) =>
        inOrder<string | number>(
          valuesOf(group).map((value) => oneLine(value ?? MISSING)),
          numbers.map((name) => rows[i][name] ?? MISSING),
        )
      );
      output.write(table([inOrder(names.map(oneLine), numbers), ...lines]));
    }
  }
  const { unmeasured, untimed } = summary;
  if (untimed > 0) warn(`${entryCount(untimed)} left out because they have no time`);
  if (stats !== undefined && unmeasured > 0) {
    warn(`${entryCount(unmeasured)} left out: no number in "${oneLine(stats.name)}"`);
  }
  if (groups.some(({ measured }) => measured?.isExact === false)) {
    warn("p50, p90 and p99 of many values are within 0.5 %");
  }
  if (groups.some(({ isRest }) => isRest)) {
    warn(
      `there are more than ${groups.length - 1} different values: the others are one row` +
        (every === undefined ? "" : " (a longer --every makes fewer)"),
    );
  }
}

const EMPTY: Group = {
  values: [],
  start: undefined,
  isRest: false,
  count: 0,
  measured: undefined,
};

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
