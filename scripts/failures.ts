/** What failed, out of all that a test runner said: the part that its reader wants to see last. */

/** Lines of one runtime's failures that are shown; the others are in the whole output above. */
const MOST_LINES = 120;

/** How each runner says what failed. */
const FAILURES: Record<string, (output: string) => string> = {
  deno: (output) => from(output, / ERRORS \n/),
  bun: failuresOfBun,
  node: (output) => from(output, /. failing tests:\n/),
};

/** The messages of what failed; of a runner that crashed its last words. */
export function failuresIn(output: string, runner: string): string {
  const found = FAILURES[runner](output).trim();
  const lines = found === "" ? output.trim().split("\n").slice(-40) : found.split("\n");
  if (lines.length <= MOST_LINES) return lines.join("\n");
  return [...lines.slice(0, MOST_LINES), `… and ${lines.length - MOST_LINES} lines`].join("\n");
}

function from(output: string, heading: RegExp): string {
  const at = output.search(heading);
  return at < 0 ? "" : output.slice(at);
}

/** Bun has the message of each failed test before its name, after the name of the test before. */
function failuresOfBun(output: string): string {
  const failures: string[] = [];
  let lines: string[] = [];
  for (const line of output.split("\n")) {
    if (/^\((pass|skip|todo)\)/.test(line)) {
      lines = [];
      continue;
    }
    lines.push(line);
    if (!line.startsWith("(fail)")) continue;
    failures.push(...lines.slice(-40), "");
    lines = [];
  }
  return failures.join("\n");
}
