/**
 * `ouroboros serve`: a live view in the browser.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import type { LogTarget } from "../log/native/target.ts";
import { countArgument, positiveArgument, sourcesArgument } from "./options/arguments.ts";
import { PATTERN_HELP } from "./options/named_logs.ts";
import { oldOption } from "./options/subcommand.ts";
import { Output } from "./output/output.ts";
import { warn } from "./output/warn.ts";
import { Interrupt } from "./process/interrupt.ts";

const EXAMPLES = `
The command prints an address with a random token in it: only those who have the
address can read. The server listens on this machine only, unless --host says
otherwise; the connection is not encrypted. Behind a proxy, --allow-host is the
name by which browsers reach it, and --base-path the path, if the proxy does not
remove it. Programs ask for JSON at /api/logs and /api/logs/NAME/entries, with
the token in the query or as "Authorization: Bearer TOKEN".

${PATTERN_HELP}
Logs that begin to match later appear in the list.

Examples:
  ouroboros serve --open               all logs of this machine, in the browser
  ouroboros serve /app ./app.log       only these two, of which one is a file
  ouroboros serve '/app.*'             all workers, also those that start later
  ouroboros serve --port 8080 --allow-host logs.example.com --base-path /logs`;

interface ServeCommandOptions {
  port: number;
  host: string;
  basePath?: string;
  allowHost: string[];
  rate: number;
  tokenFile?: string;
  open?: true;
}

/** Adds the command. */
export function addTo(program: Command): void {
  const command = program.command("serve")
    .description("Show logs live in the browser: entries, rates, and the chunks of the log.")
    .summary("show logs live in the browser")
    .argument("[name...]", "the logs; all of this machine by default", sourcesArgument)
    .option("--open", "open the page in the browser")
    .option("--port <port>", "port to listen on; 0 is any free port", portArgument, 0)
    .option(
      "--host <address>",
      "address to listen on; 0.0.0.0 is all of this machine's",
      addressArgument,
      "127.0.0.1",
    )
    .option(
      "--allow-host <name>",
      "accept requests for this host; may be repeated",
      hostArgument,
      [],
    )
    .option("--base-path <path>", "path of the page behind a proxy: /logs", pathArgument)
    .option(
      "--token-file <path>",
      "file with the token; without it each start has a new one",
    )
    .option(
      "--rate <count>",
      "most entries a second for a page; of more it gets a sample",
      positiveArgument,
      10_000,
    )
    .addHelpText("after", EXAMPLES)
    .action(serve);
  oldOption(command, "-p", "--port");
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

/** The token in a file, so that no list of processes has it. */
function tokenIn(path: string): string {
  const token = readFileSync(path, "utf8").trim();
  if (/^[\w.~-]{16,200}$/.test(token)) return token;
  throw new RangeError(
    `--token-file ${path}: 16 to 200 letters, digits, or characters of . _ ~ - are expected in it, ` +
      "as openssl rand -hex 24 prints them",
  );
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
  const {
    host,
    port,
    rate: mostEntries,
    basePath = "",
    allowHost: allowedHosts,
    tokenFile,
  } = options;
  const token = tokenFile === undefined ? undefined : tokenIn(tokenFile);
  const server = await LiveServer.start({
    targets,
    host,
    port,
    mostEntries,
    basePath,
    allowedHosts,
    token,
  }).catch((error) => {
    throw notListening(error, host, port);
  });
  let forget: (() => void) | undefined;
  try {
    if (!isLoopback(host)) {
      warn(`${host} can be reached from other machines, and the connection is not encrypted`);
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

/** What the system says, with the address: runtimes leave it out, and Bun may give another reason. */
function notListening(error: Error & { code?: string }, host: string, port: number): Error {
  const { code, message } = error;
  const text = `can't listen on ${host}, port ${port}: ${message}; choose another --host or --port`;
  return code === undefined ? error : Object.assign(new Error(text, { cause: error }), { code });
}

/** Opens the browser; without one the address will do. */
async function open(url: string): Promise<(() => void) | undefined> {
  const { openBrowser } = await import("./serve/open_browser.ts");
  try {
    return await openBrowser(url);
  } catch (error) {
    warn(`no browser could be opened: ${(error as Error).message}; open the address yourself`);
    return undefined;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
