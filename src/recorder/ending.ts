/**
 * How a recorded program ended: as an exit code, an entry, and words.
 *
 * @module
 */

import type { ProcessEnd } from "../../ffi/system.ts";

/** The end of a program. */
export interface Ending extends ProcessEnd {
  /** The name of the program, without its folder. */
  program: string;
  /** Why it could not be started, if that is so. */
  notStarted?: string;
  /** How long it ran, in milliseconds. */
  runTime: number;
  /** Whether the kernel killed it for lack of memory, where that is known. */
  oomKilled?: boolean;
  /** Whether it was asked to end, by a signal. */
  isRequested: boolean;
}

/** The exit code of a shell: that of the program, or 128 and the number of the signal. */
export function exitCodeOf({ exitCode, signal }: ProcessEnd): number {
  return exitCode ?? 128 + (signal?.number ?? 0);
}

/** Whether it is one to look into. */
export function isCrash({ isRequested, ...end }: Ending): boolean {
  const code = exitCodeOf(end);
  if (code === 0) return false;
  // 143 is what a program gives that handles SIGTERM as shells do.
  return !(isRequested && (end.signal !== undefined || code > 128));
}

/** What happened, in a few words: `node ended by SIGSEGV (core dumped)`. */
export function describeEnding(ending: Ending): string {
  const { program, notStarted, exitCode, signal, coreDumped, oomKilled } = ending;
  if (notStarted !== undefined) return `${program} was not started: ${notStarted}`;
  if (signal === undefined) return `${program} exited with ${exitCode}`;
  const why = oomKilled ? ", by the kernel for lack of memory" : coreDumped ? " (core dumped)" : "";
  return `${program} ended by ${signal.name}${why}`;
}

/** The last entry, in JSON. What is not known is left out. */
export function endingLine(ending: Ending): string {
  const { program, pid, exitCode, signal, coreDumped, oomKilled } = ending;
  const { runTime, userTime, systemTime, maxMemory } = ending;
  const level = !isCrash(ending) ? "info" : signal === undefined ? "error" : "fatal";
  return JSON.stringify({
    level,
    logger: "ouroboros.run",
    msg: describeEnding(ending),
    program,
    pid: pid || undefined,
    exitCode,
    signal: signal?.name,
    coreDumped,
    oomKilled,
    runTimeMs: rounded(runTime),
    userCpuMs: rounded(userTime),
    systemCpuMs: rounded(systemTime),
    maxMemoryBytes: maxMemory,
  });
}

function rounded(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds * 10) / 10;
}
