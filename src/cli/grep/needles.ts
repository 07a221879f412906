/**
 * What a text must contain to match a regular expression.
 *
 * @module
 */

/** What an expression may have that stands for no text of its own. */
const CLASS = /^(?:\[(?:\\[^]|[^\]\\])*\]|\\(?:[pP]\{[^}]*\}|[dDwWsSbB])|[.^$])/;
/** Characters that stand for themselves, with or without a backslash. */
const CHARACTER = /^(?:\\([^\w\s])|([ !"#%&',:;<=>@\w`~-]))/;
const REPEAT = /^(?:([?*]|\{0*[,}]|\{0+,)|[+{])/;
/** A shorter text is in most entries. */
const LEAST = 2;

/**
 * The longest text that is in all texts that the expression matches; `undefined` if nothing is, or if that
 * is not plain to see: groups and alternatives are not looked into.
 */
export function needleOf({ source }: RegExp): string | undefined {
  let longest = "";
  let run = "";
  const endRun = () => {
    if (run.length > longest.length) longest = run;
    run = "";
  };
  for (let at = 0; at < source.length;) {
    const rest = source.slice(at, at + 200);
    const [taken, escaped, plain] = CHARACTER.exec(rest) ?? [];
    const piece = taken ?? CLASS.exec(rest)?.[0];
    if (piece === undefined) return undefined;
    at += piece.length;
    const repeat = REPEAT.exec(source.slice(at, at + 20));
    if (taken === undefined || (repeat !== null && repeat[1] !== undefined)) endRun();
    else run += escaped ?? plain;
    if (repeat === null) continue;
    // What is repeated is there, but nobody knows what comes after its first time.
    endRun();
    const all = /^(?:[?*+]|\{\d+(?:,\d*)?\})\??/.exec(source.slice(at, at + 40))?.[0];
    if (all === undefined) return undefined;
    at += all.length;
  }
  endRun();
  return longest.length >= LEAST ? longest : undefined;
}
