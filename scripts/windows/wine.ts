/** Windows here: Wine, with a folder of its own, and what newer runtimes miss in it. */

import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, rmSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { inPath, isExecutable, unfit } from "../emulation.ts";
import { FILE_TIMEOUT } from "../run_tests.ts";

/** Where Debian puts it if the package `wine` is not there. */
const DEBIAN = "/usr/lib/wine/";
const COMPILER = "x86_64-w64-mingw32-gcc";
/** Which of Wine's programs to take, by name, the first that is there. */
const LOADERS = ["wine64", `${DEBIAN}wine64`, "wine"];
const SERVERS = ["wineserver64", `${DEBIAN}wineserver64`, "wineserver"];

/** A Windows that is there. */
export interface Wine {
  /** The program that starts others. */
  loader: string;
  /** What its environment has beside ours. */
  env: Record<string, string>;
  /** Why newer runtimes, which want more random numbers than it has, can't run; undefined: they can. */
  missing: string | undefined;
}

/** The program that starts others, or a sentence on why there is none. */
export function findLoader(): { loader: string } | string {
  if (process.platform === "win32") return "this is Windows: deno task test does it here";
  const reason = unfit();
  if (reason !== undefined) return reason;
  const loader = LOADERS.find(isThere);
  return loader === undefined ? "Wine is missing (apt-get install wine64)" : { loader };
}

/** Makes a Windows in `folder` (some seconds), which goes when this process ends. */
export function startWine(loader: string, folder: string): Wine {
  const env = {
    WINEPREFIX: folder,
    WINEARCH: "win64",
    // Only the runtimes talk, and nobody asks to install anything.
    WINEDEBUG: "-all",
    WINEDLLOVERRIDES: "mscoree,mshtml=",
    OUROBOROS_WINE: "1",
  };
  mkdirSync(folder, { recursive: true });
  const quiet = openSync("/dev/null", "r+");
  const run = (program: string, args: readonly string[], timeout: number): number | null =>
    spawnSync(program, args, {
      env: { ...process.env, ...env },
      stdio: [quiet, quiet, quiet],
      timeout,
      killSignal: "SIGKILL",
    }).status;
  process.once("exit", () => {
    const server = SERVERS.find(isThere);
    // All that runs in this Windows, and nothing else.
    if (server !== undefined) run(server, ["-k"], 10_000);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    closeSync(quiet);
  });
  run(loader, ["wineboot", "-i"], FILE_TIMEOUT);
  run(loader, ["winecfg", "-v", "win10"], FILE_TIMEOUT);
  const system = `${folder}/drive_c/windows/system32`;
  if (!existsSync(system)) throw new Error(`${loader} makes no Windows in ${folder}`);
  return { loader, env, missing: addRandomNumbers(`${system}/bcryptprimitives.dll`) };
}

function addRandomNumbers(library: string): string | undefined {
  if (existsSync(library)) return undefined;
  if (!isThere(COMPILER)) {
    return `${COMPILER} is missing (apt-get install gcc-mingw-w64-x86-64-win32)`;
  }
  const source = fileURLToPath(new URL("bcryptprimitives.c", import.meta.url));
  const { status, stderr } = spawnSync(
    COMPILER,
    ["-shared", "-O1", "-s", "-o", library, source, "-ladvapi32"],
    { encoding: "utf8" },
  );
  return status === 0 ? undefined : `${COMPILER} fails: ${stderr.trim()}`;
}

function isThere(program: string): boolean {
  return program.includes("/") ? isExecutable(program) : inPath(program) !== undefined;
}
