/** What the benchmarks print and save: Markdown tables, and JSON. */

import os from "node:os";
import process from "node:process";

/** Rows under a head. */
export interface Table {
  /** What the figures are, with their unit. */
  title: string;
  head: string[];
  rows: string[][];
}

/** What one benchmark found. */
export interface Report {
  /** Its name on the command line. */
  name: string;
  tables: Table[];
  /** What a reader of the tables must know. */
  notes: string[];
  /** All figures, for machines. */
  data: unknown;
}

/** Where and when the figures were taken. */
export interface Circumstances {
  runtime: string;
  cpu: string;
  cores: number;
  date: string;
}

/** The circumstances of this run. */
export function circumstances(): Circumstances {
  return {
    runtime: runtimeTitle(),
    cpu: os.cpus()[0]?.model.trim() ?? process.arch,
    cores: os.cpus().length,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** A name for the runtime that this is, with its version. */
export function runtimeTitle(): string {
  const { versions } = process;
  if (versions.deno !== undefined) return `Deno ${versions.deno}`;
  if (versions.bun !== undefined) return `Bun ${versions.bun}`;
  return `Node ${versions.node}`;
}

/** A report as Markdown. */
export function markdown({ tables, notes }: Report): string {
  return [...tables.map(tableMarkdown), ...notes.map((note) => `${note}\n`)].join("\n");
}

function tableMarkdown({ title, head, rows }: Table): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column].length))
  );
  const line = (cells: string[]) =>
    `| ${
      cells.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join(
        " | ",
      )
    } |\n`;
  const rule = widths.map((width, i) => i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`);
  return `${title}\n\n${line(head)}${line(rule)}${rows.map(line).join("")}`;
}

/** Three digits of a figure: `7.35`, `73.5`, `735`, `7350`. */
export function digits(figure: number): string {
  if (!Number.isFinite(figure)) return "–";
  if (figure >= 100) return figure.toFixed(0);
  return figure.toFixed(figure >= 10 ? 1 : 2);
}

/** A size in bytes, for a head. */
export function sizeTitle(bytes: number): string {
  if (bytes >= 1 << 30) return `${bytes / (1 << 30)} GiB`;
  if (bytes >= 1 << 20) return `${bytes / (1 << 20)} MiB`;
  return bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} B`;
}
