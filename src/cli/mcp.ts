/**
 * `ouroboros mcp`: logs for assistants, by the Model Context Protocol.
 *
 * @module
 */

import process from "node:process";
import type { Command } from "commander";
import type { LogTarget } from "../log/native/target.ts";
import { sourcesArgument } from "./options/arguments.ts";
import { PATTERN_HELP } from "./options/named_logs.ts";
import { Interrupt } from "./process/interrupt.ts";

const EXAMPLES = `
The assistant starts this command, and talks to it by standard input and output.
It can list and search the logs that are named here, count what is in them, and
follow them; it can change nothing. Answers have 100 KB at most. The command needs
the package @modelcontextprotocol/sdk.

${PATTERN_HELP}

Examples:
  ouroboros mcp /app '/worker.*'
  claude mcp add logs -- npx @ouroboros/log mcp /app        in Claude Code, for one`;

/** Adds the command. */
export function addTo(program: Command): void {
  program.command("mcp")
    .description("Let an assistant read logs, by the Model Context Protocol (MCP).")
    .summary("let an assistant read logs, by the Model Context Protocol")
    .argument("<name...>", "the logs that it may see", sourcesArgument)
    .addHelpText("after", EXAMPLES)
    .action(mcp);
}

async function mcp(targets: LogTarget[]): Promise<void> {
  using interrupt = new Interrupt({ output: true });
  const { connectTools } = await import("./mcp/server.ts").catch(withHint);
  const ended = new Promise<void>((resolve) => {
    interrupt.signal.addEventListener("abort", () => resolve(), { once: true });
    // The assistant that started it is gone.
    for (const event of ["end", "close"]) process.stdin.once(event, resolve);
  });
  const close = await connectTools(targets);
  await ended;
  await close();
}

/** What to do without the package. */
function withHint(error: unknown): never {
  if (!/@modelcontextprotocol/.test(String(error))) throw error;
  const message =
    "ouroboros mcp needs the package @modelcontextprotocol/sdk: npm install @modelcontextprotocol/sdk";
  throw new RangeError(message, { cause: error });
}
