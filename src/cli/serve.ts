/**
 * `ouroboros serve`: a live view in the browser.
 *
 * @module
 */

import { type Command, InvalidArgumentError } from "commander";
import type { LogTarget } from "../log/native/target.ts";
import { countArgument, positiveArgument, sourcesArgument } from "./options/arguments.ts";
import { Output } from "./output/output.ts";
import { warn } from "./output/warn.ts";
import { Interrupt } from "./process/interrupt.ts";

const EXAMPLES = `
Examples:
  ouroboros serve                    all logs of this machine, as they come and go
  ouroboros serve /app ./app.ring    these two, of which one is a file
  ouroboros serve /app --open        and opens the browser

The address that it prints has a token in it: whoever has that may look, nobody else.

Behind a proxy --allow-host says the name by which others reach it, and --base-path the path, if the
proxy leaves that as it is:
  ouroboros serve -p 8080 --allow-host logs.example.com --base-path /logs`;

interface ServeCommandOptions {
  port: number;
  host: string;
  basePath: string;
  allowHost: string[];
  rate: number;
  open?: true;
}

/** Adds the command. */
export function addServe(program: Command): void {
  program.command("serve")
    .description("show logs live in the browser: entries, rates, and the ring itself")
    .argument("[names...]", "the logs; all that are there by default", sourcesArgument)
    .option("-p, --port <port>", "where to listen; 0: anywhere", portArgument, 0)
    .option(
      "--host <address>",
      "who may connect; by default only this machine",
      addressArgument,
      "127.0.0.1",
    )
    .option(
      "--allow-host <name>",
      "a name that the server has for others, of a proxy; may be said again",
      hostArgument,
      [],
    )
    .option(
      "--base-path <path>",
      "the path of the page behind such a proxy: /logs",
      pathArgument,
      "",
    )
    .option(
      "--rate <count>",
      "entries a second for a page; of more it gets a sample",
      positiveArgument,
      10_000,
    )
    .option("--open", "open it in the browser")
    .addHelpText("after", EXAMPLES)
    .action(serve);
}

function portArgument(text: string): number {
  const port = countArgument(text);
  if (port > 65535) throw new InvalidArgumentError("A port from 0 to 65535 is expected.");
  return port;
}

function hostArgument(text: string, previous: string[]): string[] {
  if (!/^[\w.-]+$/.test(text)) {
    throw new InvalidArgumentError("A name like logs.example.com is expected, without a port.");
  }
  return [...previous, text];
}

function pathArgument(text: string): string {
  const path = text.replace(/\/+$/, "");
  if (/^(\/[\w.~-]+)*$/.test(path)) return path;
  throw new InvalidArgumentError('A path like "/logs" is expected.');
}

function addressArgument(text: string): string {
  // To the system no address means every one: nobody who leaves a variable empty means that.
  if (text.trim() === "") {
    throw new InvalidArgumentError("An address or a name is expected; 0.0.0.0 is every address.");
  }
  return text;
}

async function serve(targets: LogTarget[], options: ServeCommandOptions): Promise<void> {
  // Only now: no other command is to wait for a server and a page.
  const [{ LiveServer }, { isLoopback }] = await Promise.all([
    import("./serve/server.ts"),
    import("./serve/security.ts"),
  ]);
  using interrupt = new Interrupt();
  const { host, port, rate: mostEntries, basePath, allowHost: allowedHosts } = options;
  const server = await LiveServer.start({
    targets,
    host,
    port,
    mostEntries,
    basePath,
    allowedHosts,
  });
  let forget: (() => void) | undefined;
  try {
    if (!isLoopback(host)) {
      warn(`${host} can be reached from other machines, and what is sent is not encrypted`);
    }
    const output = Output.standard();
    output.write(`${server.url}\n`);
    await output.flush();
    if (options.open) forget = await open(server.url);
    await aborted(interrupt.signal);
  } finally {
    forget?.();
    await server.close();
  }
}

/** Opens the browser; without one the address will do. */
async function open(url: string): Promise<(() => void) | undefined> {
  const { openBrowser } = await import("./serve/open_browser.ts");
  try {
    return await openBrowser(url);
  } catch (error) {
    warn(`no browser could be opened: ${(error as Error).message}`);
    return undefined;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
