/** Folders of tests. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** A new folder for a file of tests, which is removed when they have ended. */
export function testFolder(subject: string): string {
  const folder = mkdtempSync(join(tmpdir(), `ouroboros-${subject}-`));
  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
