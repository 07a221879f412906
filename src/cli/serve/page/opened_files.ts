/// <reference lib="dom" />
/** Files that are shown: the one in a report, and those that are dropped, or chosen. */

import { byId } from "./dom.ts";
import { bytesOfBase64, readSaved, type SavedFile } from "./saved_file.ts";

/** A file that is to be opened. */
export interface Named {
  name: string;
  file: Blob;
  /** What was missing of what it was made of. */
  missing?: string;
}

/** Files that could be opened, and why others could not. */
export interface Opened {
  files: SavedFile[];
  /** Why the others can't be shown. */
  failures: string[];
}

/** The file in the page, if it is a report. */
export function reportIn(document: Document): Named | undefined {
  const element = document.getElementById("report");
  if (element === null) return undefined;
  const file = new Blob([bytesOfBase64(element.textContent)]);
  const { name = "report", missing } = element.dataset;
  // It is the largest part of the page, and not needed any more.
  element.remove();
  return { name, file, ...missing !== undefined && { missing } };
}

/** Reads files. */
export async function openFiles(named: readonly Named[]): Promise<Opened> {
  const opened: Opened = { files: [], failures: [] };
  for (const { name, file, missing } of named) {
    try {
      const saved = await readSaved(name, file);
      opened.files.push(missing === undefined ? saved : { ...saved, missing });
    } catch (error) {
      opened.failures.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return opened;
}

/** Calls `onFiles` when files are dropped on the page, or chosen. */
export function whenDropped(onFiles: (files: Named[]) => void): void {
  const { body } = document;
  const input = byId("open-file") as HTMLInputElement;
  const give = (files: Iterable<File>) => {
    const named = [...files].map((file) => ({ name: file.name, file }));
    if (named.length > 0) onFiles(named);
  };
  // Without an answer to it, a browser goes to the file that is dropped.
  for (const kind of ["dragenter", "dragover"]) {
    addEventListener(kind, (event) => {
      event.preventDefault();
      body.classList.add("dropping");
    });
  }
  addEventListener("dragleave", (event) => {
    // Not at each border within the page.
    if (event.relatedTarget === null) body.classList.remove("dropping");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    body.classList.remove("dropping");
    give(event.dataTransfer?.files ?? []);
  });
  byId("open-button").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    give(input.files ?? []);
    // So that the same one can be chosen again.
    input.value = "";
  });
}
