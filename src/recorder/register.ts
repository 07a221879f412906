/**
 * Records a program without a change of its code: this module is loaded before it.
 *
 * ```sh
 * export OUROBOROS_LOG='/app.{slot}'
 * node --import @ouroboros/log/register app.js     # or --require
 * bun --preload @ouroboros/log/register app.js
 * deno run -A --preload npm:@ouroboros/log/register app.ts
 * ouroboros tail -f '/app.*'
 * ```
 *
 * Recorded are calls of `console`, what is written to standard output and standard error in any other way
 * of JavaScript (as pino does), warnings, uncaught errors with their causes, and the exit code. Each line is
 * in the log before it is printed, and stays there after `kill -9`. A process that is killed can't
 * report that itself: its log then ends without an exit code.
 *
 * | in the environment   | what it means                                                             |
 * | -------------------- | ------------------------------------------------------------------------- |
 * | `OUROBOROS_LOG`      | the log: default `/NAME.{slot}`, NAME of the script; empty: none          |
 * | `OUROBOROS_SIZE`     | its size: `64MiB`. Default 16 MiB, or less where there is less room       |
 * | `OUROBOROS_SAVE`     | a folder into which the log is saved if the exit code is not 0            |
 * | `OUROBOROS_VITALS`   | how often an entry says what the process is doing, like `1s`              |
 * | `OUROBOROS_WATCHDOG` | how long the main thread may stand still before `LOG.watch` says where it |
 * |                      | is, like `1s`. Default: it is not watched                                 |
 * | `OUROBOROS_LEVEL`    | the least level of lines, like `info`. Lines without a level are recorded |
 *
 * It prints nothing, and the program runs as without it, also if it can't be recorded: then
 * {@linkcode recording} says why. Workers, and processes that are started in the same way (`fork()` of Node and
 * Bun, `NODE_OPTIONS`, `BUN_OPTIONS`), are recorded, too; with `{slot}` in the name each has its own log.
 * A worker that is ended by `terminate()` keeps its log until the process ends.
 *
 * Not seen is what native code prints, and `Deno.stdout.writable` and `Bun.stdout.writer()`. On Deno nothing
 * is recorded without `--allow-ffi` and `--allow-env`, and nothing is asked.
 *
 * @example Whether this thread is recorded
 * ```ts
 * import process from "node:process";
 *
 * process.env.OUROBOROS_LOG = ""; // it is not
 * const { recording } = await import("@ouroboros/log/register");
 * console.log(recording.log, recording.error); // undefined undefined
 * ```
 *
 * @module
 */

import { type Recording, startRecording } from "./recording.ts";

export type { Recording };

/** Loaded twice, by `--import` and `--require` for instance, it records once. */
const KEY = Symbol.for("ouroboros.register");
const holder = globalThis as { [KEY]?: Recording };

/**
 * What is recorded of this thread, and where.
 *
 * @example Saying it in a page about the service
 * ```typescript
 * import { recording } from "@ouroboros/log/register";
 *
 * console.log(recording.log ?? `not recorded: ${recording.error ?? "OUROBOROS_LOG is empty"}`);
 * ```
 */
export const recording: Recording = holder[KEY] ??= startRecording(import.meta.url);
