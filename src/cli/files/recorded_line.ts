/**
 * Lines that `-o json` writes of entries, and about entries. Runs in browsers, too.
 *
 * @module
 */

/** The keys of what `-o json` writes of an entry, of tail, record, dump and receive. */
const ENTRY = /^(?:log,|host,log,segment,)?seq,(?:text|base64)(?:,time)?(?:,truncatedFrom)?$/;
/** And of what it says about entries. */
const NOTE = /^(?:lost,after|reopened,after|cursor|host,log,segment,gap)$/;
const NOTE_IN_TEXT =
  /^# ouroboros: (\d+ entr(y|ies) lost|another log of this name begins) after entry \d+$/;

/** What a line says. */
export type Said = {
  kind: "entry" | "note";
  object: Record<string, unknown>;
};

/** What commands write with `-o json`: an entry, or something about entries. */
export function saidBy(line: string): Said | undefined {
  if (!line.startsWith("{")) return undefined;
  let object: Record<string, unknown>;
  try {
    object = JSON.parse(line);
  } catch {
    return undefined;
  }
  const keys = Object.keys(object).join();
  if (NOTE.test(keys)) return { kind: "note", object };
  const { seq, text, base64 } = object;
  const isEntry = ENTRY.test(keys) && Number.isSafeInteger(seq) &&
    typeof (text ?? base64) === "string";
  return isEntry ? { kind: "entry", object } : undefined;
}

/** Whether a line of text is about entries. */
export function isNoteInText(line: string): boolean {
  return NOTE_IN_TEXT.test(line);
}
