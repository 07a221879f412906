/** Versions as semver has them. */

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
