/** How the README says to install the package: out of a clone until the first release, then by its name. */

/** From the sentence to the end of the commands that follow it. */
const UNTIL_RELEASED = /^The package is not published yet\.[^]*?^```sh\n[^]*?^```$/m;

/**
 * The README as it is from the first release on: the package is installed by its name. One that says
 * so already stays as it is.
 *
 * @throws {Error} if it says elsewhere, or otherwise, that the package is not published
 */
export function released(readme: string, name: string): string {
  const changed = readme.replace(UNTIL_RELEASED, commands(name));
  if (/not published|\/path\/to\/the\/clone/.test(changed)) {
    throw new Error(
      "README.md says that the package is not published, where no release expects it",
    );
  }
  return changed;
}

function commands(name: string): string {
  return `\`\`\`sh
npm install ${name}    # Node
bun add ${name}        # Bun
deno add jsr:${name}   # Deno
\`\`\``;
}
