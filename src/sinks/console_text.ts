/**
 * What the runtime prints for a call of a console method, as text without colors.
 *
 * Node's own `Console` prints into a string; Deno's does, too; Bun's console is not written in
 * JavaScript, so its values are put together from `Bun.inspect`.
 *
 * @module
 */

import process from "node:process";

/** The methods of a console that print, or change how others print. */
export type ConsoleMethod =
  | "log"
  | "info"
  | "debug"
  | "warn"
  | "error"
  | "trace"
  | "dir"
  | "dirxml"
  | "table"
  | "assert"
  | "count"
  | "countReset"
  | "time"
  | "timeLog"
  | "timeEnd"
  | "group"
  | "groupCollapsed"
  | "groupEnd";

type PrivateConsole = Record<ConsoleMethod, (...args: unknown[]) => void>;

// deno-lint-ignore no-control-regex
const COLORS = /\x1b\[[\d;]*m/g;

/** Those that print a text as it is. */
const SIMPLE: ReadonlySet<ConsoleMethod> = new Set(["log", "info", "debug", "warn", "error"]);

/** Those that warn of a label that they don't know: the runtime's do that, and know more of them. */
const WARNING: ReadonlySet<ConsoleMethod> = new Set(["countReset", "time", "timeLog", "timeEnd"]);

let printed: string | undefined;

function print(text: string): void {
  printed = (printed ?? "") + text;
}

let own: PrivateConsole | undefined;
let groups = 0;

/**
 * What a call prints, without the last newline; undefined if it prints nothing. `caller` is the
 * function that was called: the stack of a `trace` begins above it.
 */
export function consoleText(
  method: ConsoleMethod,
  args: unknown[],
  caller: (...args: unknown[]) => unknown,
): string | undefined {
  if (groups === 0 && SIMPLE.has(method) && isPlainText(args)) return withoutColors(args[0]);
  own ??= privateConsole();
  printed = undefined;
  if (method === "group" || method === "groupCollapsed") groups++;
  else if (method === "groupEnd" && groups > 0) groups--;
  if (method === "trace") {
    own.log(...args);
    const message = (printed ?? "").trimEnd();
    const traced = { stack: "" };
    Error.captureStackTrace(traced, caller);
    printed = `Trace${message && ": "}${message}${traced.stack.replace(/^.*/, "")}`;
  } else if (WARNING.has(method)) withoutWarnings(() => own![method](...args));
  else own[method](...args);
  return printed === undefined ? undefined : withoutColors(printed.replace(/\n$/, ""));
}

/** Leaves the groups that are open: nobody tells us where they end once the capture is over. */
export function leaveGroups(): void {
  for (; groups > 0; groups--) own?.groupEnd();
}

/** Works without a warning of the process. */
export function withoutWarnings<T>(work: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** What most calls are: one text, which all runtimes print as it is, directives or not. */
function isPlainText(args: unknown[]): args is [string] {
  return args.length === 1 && typeof args[0] === "string";
}

function withoutColors(text: string): string {
  return text.includes("\x1b") ? text.replace(COLORS, "") : text;
}

function privateConsole(): PrivateConsole {
  const { Deno: deno, Bun: bun } = globalThis as unknown as Runtimes;
  const Own = deno?.[deno.internal]?.Console;
  if (Own !== undefined) return new Own(print);
  // It takes milliseconds to load, and most calls do without it.
  const { Console } = process.getBuiltinModule("node:console");
  const stdout = { write: print } as unknown as NodeJS.WritableStream;
  const console = new Console({ stdout, ignoreErrors: false, colorMode: false });
  const made = console as unknown as PrivateConsole;
  if (bun !== undefined) printAsBun(made, bun);
  return made;
}

interface Runtimes {
  Deno?: DenoGlobal;
  Bun?: BunGlobal;
}

/** What Deno shows to its own libraries. */
interface DenoGlobal {
  internal: symbol;
  [internal: symbol]: { Console?: new (print: (text: string) => void) => PrivateConsole };
}

/** As deep as Bun's console goes. */
const BUN_DEPTH = { depth: 2 };

interface BunGlobal {
  inspect: ((value: unknown, options?: unknown) => string) & {
    table?(data: unknown, properties?: string[]): string;
  };
}

/** Gives the methods that print values what Bun's native ones print. */
function printAsBun(console: PrivateConsole, bun: BunGlobal): void {
  let indent = "";
  const line = (text: string) => print(`${indent}${text}\n`);
  // In a group Bun indents what it makes of values, and of texts their first lines.
  const show = (value: unknown, options?: unknown) =>
    typeof value === "string"
      ? value
      : bun.inspect(value, { ...BUN_DEPTH, ...options as object }).replaceAll("\n", `\n${indent}`);
  const log = (...args: unknown[]) => line(formatAsBun(args, show));
  for (const method of ["log", "info", "debug", "warn", "error", "dirxml"] as const) {
    console[method] = log;
  }
  console.dir = (value, options) => line(show(value, options));
  console.table = (data, properties) => {
    const isTable = typeof data === "object" && data !== null && bun.inspect.table !== undefined;
    if (isTable) print(`${bun.inspect.table!(data, properties as string[]).trimEnd()}\n`);
    else log(data);
  };
  console.assert = (condition, ...args) => {
    if (!condition) log(...(args.length > 0 ? args : ["Assertion failed"]));
  };
  console.group = console.groupCollapsed = (...args) => {
    if (args.length > 0) log(...args);
    indent += "  ";
  };
  console.groupEnd = () => indent = indent.slice(2);
}

function formatAsBun(args: unknown[], show: (value: unknown) => string): string {
  const rest = [...args];
  const fill = (directive: string, letter: string) => {
    if (rest.length === 0) return directive;
    if (letter === "%") return "%";
    const value = rest.shift();
    switch (letter) {
      case "s":
        return String(value);
      case "d":
      case "i":
        return typeof value === "bigint" ? `${value}n` : String(Math.trunc(toNumber(value)));
      case "f":
        return String(toNumber(value));
      case "j":
        return JSON.stringify(value) ?? "undefined";
      case "c":
        return "";
      default:
        return show(value);
    }
  };
  const shown: string[] = [];
  while (rest.length > 0) {
    const value = rest.shift();
    // Not only the first text may have directives, but each after which there is something.
    shown.push(
      typeof value === "string" ? value.replace(/%([sdifjoOc%])/g, fill) : show(value),
    );
  }
  return shown.join(" ");
}

/** A symbol is no number, for which `Number()` throws. */
function toNumber(value: unknown): number {
  return typeof value === "symbol" ? NaN : Number(value);
}
