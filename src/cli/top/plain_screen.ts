/**
 * The screen of `ouroboros top` without Ink and React: the table of `--once`, drawn again and again.
 *
 * @module
 */

import process from "node:process";
import { shortened } from "../output/columns.ts";
import { Output } from "../output/output.ts";
import type { ScreenOptions } from "./screen.ts";
import type { LogLook } from "./watch.ts";
import { grouped, lookTable, sorted, title } from "./words.ts";

const ESCAPE = "\x1b";
const CTRL_C = "\x03";
/** The alternate screen, without a cursor. */
const ENTER = `${ESCAPE}[?1049h${ESCAPE}[?25l`;
const LEAVE = `${ESCAPE}[?25h${ESCAPE}[?1049l`;
const HOME = `${ESCAPE}[H`;
const CLEAR_TO_END_OF_LINE = `${ESCAPE}[K`;
const CLEAR_TO_END = `${ESCAPE}[J`;

const HINT = "q quit  for details of a log: npm install ink react";

/** Shows the screen until `q`, Ctrl-C or `signal`; then the terminal is as it was. */
export async function showPlainScreen(options: ScreenOptions): Promise<void> {
  const { watch, interval, sort, isLong, signal } = options;
  const { stdin, stdout } = process;
  const output = Output.standard(signal);
  let isEnded = signal.aborted;
  let wake = () => {};
  const onResize = () => wake();
  const end = () => {
    isEnded = true;
    wake();
  };
  const onKeys = (keys: string) => {
    if (keys.includes("q") || keys.includes(CTRL_C)) end();
  };
  signal.addEventListener("abort", end);
  stdout.on("resize", onResize);
  stdin.setEncoding("utf8").on("data", onKeys).on("end", end);
  stdin.setRawMode(true);
  try {
    output.write(ENTER);
    while (!isEnded) {
      const found = await watch.look(signal);
      const looks = sorted(isLong ? found : grouped(found), sort);
      if (signal.aborted) break;
      // A terminal that nobody has given a size says 0.
      output.write(frame(looks, stdout.columns || 80, stdout.rows || 24));
      await output.flush();
      if (isEnded) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, interval);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    signal.removeEventListener("abort", end);
    stdout.removeListener("resize", onResize);
    stdin.removeListener("data", onKeys).removeListener("end", end);
    stdin.setRawMode(false);
    // It would keep the process alive.
    stdin.pause();
    output.write(LEAVE);
    await output.flush();
  }
}

/** How many columns of a terminal names leave to the other columns. */
const BESIDE_NAMES = 69;
const SHORTEST_NAME = 14;

/** All that is to be seen, over what was there before. */
export function frame(looks: LogLook[], columns: number, rows: number): string {
  // Without the lines for title, head and hint.
  const room = Math.max(rows - 3, 0);
  const shown = looks.length > room ? looks.slice(0, Math.max(room - 1, 0)) : looks;
  const table = lookTable(shown, Math.max(columns - BESIDE_NAMES, SHORTEST_NAME)).trimEnd();
  const more = looks.length > shown.length ? [`and ${looks.length - shown.length} more`] : [];
  const lines = [title(looks, columns), ...table.split("\n"), ...more];
  const text = [...lines.slice(0, Math.max(rows - 1, 0)), HINT]
    .map((line) => shortened(line, columns) + CLEAR_TO_END_OF_LINE).join("\r\n");
  return HOME + text + CLEAR_TO_END;
}
