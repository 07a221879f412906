/**
 * Workers of a program that is recorded: each records itself, in a log of its own.
 *
 * Node starts a worker with what it was started with. Bun and Deno are asked to, here.
 *
 * @module
 */

import process from "node:process";

type WorkerClass = new (file: string | URL, options?: Record<string, unknown>) => object;

/** Has workers load the module of that URL first. */
export function followThreads(url: string): void {
  if ("Bun" in globalThis) followInBun(url);
  else if ("Deno" in globalThis) followInDeno(url);
}

function followInBun(url: string): void {
  const put = (Worker: WorkerClass): WorkerClass =>
    class extends Worker {
      constructor(file: string | URL, options?: Record<string, unknown> | null) {
        const { preload = [], env } = options ?? {};
        // A thread of this library is not to be recorded.
        const isOurs = (env as NodeJS.ProcessEnv | undefined)?.OUROBOROS_LOG === "";
        super(file, { ...options, ...!isOurs && { preload: [url, ...[preload].flat()] } });
      }
    };
  replaceWorker(globalThis as never, put);
  replaceWorker(process.getBuiltinModule("node:worker_threads") as never, put);
}

/** A worker there begins with a module that imports ours and then its own. */
function followInDeno(url: string): void {
  const put = (Worker: WorkerClass): WorkerClass =>
    class extends Worker {
      constructor(file: string | URL, options?: Record<string, unknown>) {
        super(firstOurs(url, file) ?? file, options);
      }
    };
  replaceWorker(globalThis as never, put);
  const threads = process.getBuiltinModule("node:worker_threads");
  replaceWorker(threads as never, put);
  process.getBuiltinModule("node:module").syncBuiltinESMExports();
}

function firstOurs(url: string, file: string | URL): URL | undefined {
  // Of what is no file the origin matters.
  if (!String(file).startsWith("file:")) return undefined;
  const source = [url, String(file)].map((of) => `import ${JSON.stringify(of)};`).join("");
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

function replaceWorker(
  holder: { Worker?: WorkerClass },
  put: (Worker: WorkerClass) => WorkerClass,
): void {
  const { Worker } = holder;
  if (Worker === undefined) return;
  const made = put(Worker);
  Object.defineProperty(made, "name", { value: "Worker" });
  holder.Worker = made;
}
