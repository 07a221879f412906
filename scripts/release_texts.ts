/** The texts that a release changes: the version, the heading of the changelog, the README's way to install. */

/** As semver has it. */
const VERSION = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?$/;

/**
 * Whether a version may come after another one, or be the first release of it.
 *
 * @throws {Error} if one of them is none
 */
export function mayFollow(version: string, current: string): boolean {
  const [next, last] = [parts(version), parts(current)];
  for (let i = 0; i < 3; i++) {
    if (next.numbers[i] !== last.numbers[i]) return next.numbers[i] > last.numbers[i];
  }
  if (last.extra === "") return next.extra === "";
  return next.extra === "" || next.extra.localeCompare(last.extra, "en", { numeric: true }) >= 0;
}

function parts(version: string): { numbers: number[]; extra: string } {
  const match = VERSION.exec(version);
  if (match === null) throw new Error(`"${version}" is no version like 1.2.3 or 1.2.3-beta.1`);
  return { numbers: match.slice(1, 4).map(Number), extra: match[4] ?? "" };
}

/** The text of deno.json with another version, and nothing else changed. */
export function withVersion(text: string, version: string): string {
  const changed = text.replace(/^( {2}"version": )"[^"]*"/m, `$1"${version}"`);
  if (JSON.parse(changed).version !== version) {
    throw new Error("deno.json has no version to change");
  }
  return changed;
}

/** In `## 1.2.3 (not released)`, which becomes `## 1.2.3 (2026-11-21)`. */
const WAITING = "not released";

/**
 * The changelog with a date for a version.
 *
 * @throws {Error} if the version is not the newest, has a date, or nothing is said of it
 */
export function dated(changelog: string, version: string, date: string): string {
  const [heading, newest, state] = /^## (\S+) \(([^)]*)\)$/m.exec(changelog) ?? [];
  if (heading === undefined) {
    throw new Error("CHANGELOG.md has no heading like ## 1.2.3 (not released)");
  }
  if (newest !== version) {
    throw new Error(`CHANGELOG.md begins with ${newest}, and not with ${version}`);
  }
  if (state !== WAITING) throw new Error(`CHANGELOG.md says that ${version} is of ${state}`);
  const [, said] = changelog.split(/^## .*$/m);
  if (!/^- /m.test(said)) throw new Error(`CHANGELOG.md says nothing of ${version}`);
  return changelog.replace(heading, `## ${version} (${date})`);
}

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
