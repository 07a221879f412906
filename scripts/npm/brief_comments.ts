/** The comments of declaration files, as short as an editor needs them. */

/** What becomes of the examples. */
const EXAMPLES = "Examples are in the README, and in the docs on JSR.";

/** Comments without examples, their lines joined, and one character for each level. */
export function withBriefComments(text: string, isEntry: boolean): string {
  return text
    .replace(/^((?: {4})+)/gm, (spaces) => "\t".repeat(spaces.length / 4))
    .replace(/\n?([ \t]*)\/\*\*([\s\S]*?)\*\//g, (all, indent: string, inner: string) => {
      const brief = briefly(inner, isEntry);
      if (brief === "") return "";
      return `${all.startsWith("\n") ? "\n" : ""}${indent}/** ${
        brief.replaceAll("\n", `\n${indent} * `).replace(/ +$/gm, "")
      } */`;
    })
    .trimStart();
}

/** What stands for the rest of what a module says of itself. */
function briefly(inner: string, isEntry: boolean): string {
  const lines = inner.split("\n").map((line) => line.replace(/^\s*\* ?/, "").trimEnd());
  const isModule = lines.some((line) => line === "@module");
  if (isModule && !isEntry) return "";
  const [description, ...tags] = joined(lines).split(/\n(?=@\w)/);
  if (isModule) return `${description.trim().split("\n\n")[0]}\n\n${EXAMPLES}\n\n@module`;
  const kept = tags.filter((tag) => !tag.startsWith("@example"));
  return [description, ...kept].map((part) => part.trim()).filter((part) => part !== "").join("\n");
}

/** Each paragraph, or point of a list, on one line. */
function joined(lines: readonly string[]): string {
  let isCode = false;
  let text = "";
  for (const line of lines) {
    const isFence = line.trimStart().startsWith("```");
    const startsAnew = isCode || isFence || /^\s*([-*|#@]|\d+\. )/.test(line) || line === "" ||
      text === "" || text.endsWith("\n") || text.endsWith("```");
    text += startsAnew ? `\n${line}` : ` ${line.trim()}`;
    if (isFence) isCode = !isCode;
  }
  return text.replace(/\n{3,}/g, "\n\n").trim();
}
