/** The heading of a version in CHANGELOG.md: `## 1.2.3 (not released)`, then `## 1.2.3 (2026-11-21)`. */

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
