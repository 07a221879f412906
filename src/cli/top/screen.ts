/**
 * The live screen of `ouroboros top`. Loaded only when it is shown: Ink and React take a while.
 *
 * @module
 */

import process from "node:process";
import { Box, render, Text, useApp, useInput, useWindowSize } from "ink";
import { createElement as h, type ReactNode, useEffect, useRef, useState } from "react";
import { columnsOf } from "../output/columns.ts";
import { oneLine } from "../output/harmless.ts";
import { counted } from "../output/warn.ts";
import { formatSize } from "../../base/sizes.ts";
import type { VitalsSample } from "../../records/vitals.ts";
import { type Attached, attachedTo, knowsProcesses } from "./processes.ts";
import { vitalsLines, VitalsWatch } from "./vitals.ts";
import type { LogLook, Watch } from "./watch.ts";
import {
  ageWord,
  bar,
  cells,
  chunkBar,
  COLUMNS,
  fit,
  grouped,
  rateWord,
  SORT_KEYS,
  sorted,
  type SortKey,
  title,
  writerWord,
} from "./words.ts";

/** What to show, and how. */
export interface ScreenOptions {
  watch: Watch;
  /** How often to look, in milliseconds. */
  interval: number;
  sort: SortKey;
  /** Whether each log of a group has its line. */
  isLong: boolean;
  /** Ends the screen. */
  signal: AbortSignal;
}

/** Shows the screen until `q`, Ctrl-C or `signal`; then the terminal is as it was. */
export async function showScreen(options: ScreenOptions): Promise<void> {
  const first = await options.watch.look(options.signal);
  // Ink takes the environment of continuous integration for no terminal; here there is one.
  const app = render(h(Top, { ...options, first }), {
    alternateScreen: true,
    interactive: true,
    incrementalRendering: true,
    exitOnCtrlC: true,
    maxFps: 20,
  });
  const end = () => app.unmount();
  options.signal.addEventListener("abort", end);
  if (options.signal.aborted) end();
  try {
    await app.waitUntilExit();
  } finally {
    options.signal.removeEventListener("abort", end);
  }
}

function Top(
  { watch, interval, sort: firstSort, isLong: firstLong, first, signal }: ScreenOptions & {
    first: LogLook[];
  },
): ReactNode {
  const { exit } = useApp();
  const { columns, rows } = useWindowSize();
  const [looks, setLooks] = useState<LogLook[]>(first);
  const [sort, setSort] = useState(firstSort);
  const [isLong, setLong] = useState(firstLong);
  const [selected, setSelected] = useState<string>();
  const [isDetail, setDetail] = useState(false);
  useEffect(() => {
    // By the way that gives the terminal back.
    const fail = (error: unknown) =>
      exit(error instanceof Error ? error : new Error(String(error)));
    let isLooking = false;
    const look = async () => {
      if (isLooking) return;
      isLooking = true;
      const looks = await watch.look(signal);
      isLooking = false;
      if (!signal.aborted) setLooks(looks);
    };
    const timer = setInterval(() => look().catch(fail), interval);
    return () => clearInterval(timer);
  }, [watch, interval]);

  const logs = sorted(isLong ? looks : grouped(looks), sort);
  // The one that was selected may be gone.
  const found = logs.findIndex((look) => look.name === selected);
  const at = Math.max(found, 0);
  const move = (to: number) => setSelected(logs[Math.min(Math.max(to, 0), logs.length - 1)]?.name);
  useInput((input, key) => {
    if (input === "q") exit();
    else if (key.escape || key.leftArrow) setDetail(false);
    else if (key.return || key.rightArrow || input === "\n") {
      setSelected(logs[at]?.name);
      setDetail(logs.length > 0 && (key.rightArrow || !isDetail));
    } else if (key.upArrow || input === "k") move(at - 1);
    else if (key.downArrow || input === "j") move(at + 1);
    else if (key.pageUp) move(at - rows);
    else if (key.pageDown) move(at + rows);
    else if (key.home) move(0);
    else if (key.end) move(logs.length - 1);
    else if (input === "g") setLong(!isLong);
    else if (input === "s") setSort(SORT_KEYS[(SORT_KEYS.indexOf(sort) + 1) % SORT_KEYS.length]);
  });

  const height = Math.max(rows - 1, 1);
  const look = isDetail ? logs[at] : undefined;
  const samples = useVitals(look?.members === undefined ? look?.name : undefined, interval);
  const lines = look === undefined
    ? list(logs, at, columns, height - 2)
    : detail(look, samples, columns, height - 2);
  const keys = look === undefined
    ? `q quit  ↑↓ select  enter detail  g groups  s sort: by ${sort}`
    : "q quit  ↑↓ other log  esc back";
  return h(
    Box,
    { flexDirection: "column", width: columns, height },
    h(Text, { wrap: "truncate", bold: true }, title(logs, columns)),
    ...(height > 2 ? lines : lines.slice(0, 1)),
    h(Box, { flexGrow: 1 }),
    height > 3 ? h(Text, { wrap: "truncate", dimColor: true }, keys) : null,
  );
}

/** The table of logs, as many as fit around the selected one. */
function list(
  logs: LogLook[],
  at: number,
  columns: number,
  height: number,
): ReactNode[] {
  const layout = columnsFor(columns, logs);
  const head = layout.shown.map((index) => {
    const { head, isNumber, width } = COLUMNS[index];
    return fit(head, index === 0 ? layout.name : width, isNumber);
  }).join(" ");
  const lines = [
    h(
      Text,
      { key: "head", wrap: "truncate", underline: true },
      `${head}${layout.bar > 0 ? ` ${fit("CHUNKS", layout.bar, false)}` : ""}`,
    ),
  ];
  const room = Math.max(height - 1, 1);
  const from = Math.min(Math.max(at - room + 1, 0), Math.max(logs.length - room, 0));
  logs.slice(from, from + room).forEach((look, i) => {
    const isSelected = from + i === at;
    const all = cells(look);
    const text = layout.shown.map((index) =>
      fit(all[index], index === 0 ? layout.name : COLUMNS[index].width, COLUMNS[index].isNumber)
    ).join(" ");
    const color = look.error === undefined ? undefined : "red";
    lines.push(
      h(
        Text,
        { key: look.name, wrap: "truncate", color },
        h(Text, { inverse: isSelected }, text),
        layout.bar > 0 ? " " : "",
        layout.bar > 0 ? chunkText(look, layout.bar) : "",
      ),
    );
  });
  if (logs.length === 0) lines.push(h(Text, { key: "none", dimColor: true }, "no logs"));
  return lines;
}

/** Which columns there is room for, and how wide the name and the bar may be. */
function columnsFor(
  columns: number,
  logs: LogLook[],
): { shown: number[]; name: number; bar: number } {
  const longest = Math.max(8, ...logs.map((look) => columnsOf(oneLine(look.name))));
  const name = Math.max(Math.min(longest, columns < 60 ? 14 : 28, columns), 1);
  const leastBar = columns >= 40 ? 9 : 0;
  const shown = [0];
  let left = columns - name - leastBar;
  // The most telling ones first.
  for (const index of [2, 4, 3, 1, 6, 5]) {
    if (left < COLUMNS[index].width + 1) continue;
    left -= COLUMNS[index].width + 1;
    shown.push(index);
  }
  const bar = Math.max(Math.min(left + leastBar - 1, 32), 0);
  return { shown: shown.sort((a, b) => a - b), name, bar };
}

/** The chunks, with the writer's in green. */
function chunkText(look: LogLook, width: number): ReactNode {
  const { text, newest } = chunkBar(look, width);
  return h(
    Text,
    null,
    text.slice(0, Math.max(newest, 0)),
    newest < 0 ? "" : h(Text, { color: "green" }, text[newest]),
    text.slice(newest + 1),
  );
}

/** The vitals of a log, looked for while its details are shown. */
function useVitals(name: string | undefined, interval: number): readonly VitalsSample[] {
  const [samples, setSamples] = useState<readonly VitalsSample[]>([]);
  useEffect(() => {
    setSamples([]);
    if (name === undefined) return;
    const watch = new VitalsWatch(name);
    const look = () => setSamples(watch.look());
    look();
    const timer = setInterval(look, interval);
    return () => {
      clearInterval(timer);
      watch[Symbol.dispose]();
    };
  }, [name, interval]);
  return samples;
}

/** One log: its facts, its vitals, its chunks, its processes. */
function detail(
  look: LogLook,
  samples: readonly VitalsSample[],
  columns: number,
  height: number,
): ReactNode[] {
  const line = (key: string, text: string, style: object = {}) =>
    h(Text, { key, wrap: "truncate", ...style }, text);
  const { outline, members } = look;
  if (members !== undefined) {
    return [
      line("name", oneLine(look.name), { bold: true }),
      ...list(sorted(members, "name"), -1, columns, height - 1),
    ];
  }
  if (outline === undefined) {
    return [line("name", oneLine(look.name), { bold: true }), line("error", look.error ?? "?")];
  }
  const word = writerWord(look);
  const lines = [
    line("name", oneLine(look.name), { bold: true }),
    line(
      "size",
      `${formatSize(outline.segmentSize)} in ${counted(outline.chunkCount, "chunk")} of ` +
        formatSize(outline.chunkSize),
    ),
    line("writer", `writer ${word}`),
    line(
      "rate",
      `${rateWord(look.rate)} entries/s, ${formatSize(Math.round(look.byteRate ?? 0))}/s, ` +
        `reaches back ${ageWord(look.reach)}`,
    ),
    line("there", `${outline.entries} entries there, ${outline.total} written`),
    ...(knowsProcesses ? [h(Processes, { key: "processes", name: look.name })] : []),
    ...vitalsLines(samples, columns).map((text) => line(text.slice(0, 9), text)),
    line("head", "chunk    entries      bytes        began  fill", { underline: true }),
  ];
  const room = Math.max(height - lines.length, 0);
  const { newest, chunkCount, chunkBytes, chunkEntries } = outline;
  const from = Math.min(
    Math.max(newest - Math.floor(room / 2), 0),
    Math.max(chunkCount - room, 0),
  );
  const width = Math.min(Math.max(columns - 48, 0), 32);
  for (let index = from; index < Math.min(from + room, chunkCount); index++) {
    const bytes = chunkBytes[index];
    const text = bytes === 0 && index !== newest
      ? `${fit(String(index), 5, true)}          -          -            -  ${bar(0, width)}`
      : `${fit(String(index), 5, true)} ${fit(String(chunkEntries[index]), 10, true)} ` +
        `${fit(formatSize(bytes), 10, true)} ${fit(ageWord(look.ageOf(index)), 12, true)}  ` +
        bar(bytes / outline.chunkSize, width);
    lines.push(line(`chunk ${index}`, text, index === newest ? { color: "green" } : {}));
  }
  return lines.slice(0, height);
}

/** The processes that have the log open: looked for now and then only, it takes long. */
function Processes({ name }: { name: string }): ReactNode {
  const [found, setFound] = useState<Attached[]>(() => attachedTo(name));
  const shown = useRef(name);
  useEffect(() => {
    if (shown.current !== name) setFound(attachedTo(name));
    shown.current = name;
    const timer = setInterval(() => setFound(attachedTo(name)), 5000);
    return () => clearInterval(timer);
  }, [name]);
  const all = found.filter(({ pid }) => pid !== process.pid);
  const words = all.map(({ pid, name }) => `${oneLine(name)} (${pid})`).join(", ");
  return h(
    Text,
    { wrap: "truncate" },
    `open in ${all.length > 0 ? words : "no process that may be looked at"}`,
  );
}
