/** Many declaration files as few: what the entries have in common is in one file. */

import { isBuiltin } from "node:module";
import { join } from "node:path";
import ts from "typescript";

/** The file of what several entries have in common. */
const COMMON = "common";
/** What has a `Symbol.dispose` needs types that a consumer's `lib` may not have. */
const DISPOSABLE = '/// <reference lib="esnext.disposable" />\n';

/**
 * Merges the files that are no entries, but for those that say a name for the second time, and what
 * imports those.
 *
 * @param texts the declaration files, by their paths with slashes
 * @param entries the name of an entry, by its path
 * @returns the files by their names, all in one folder
 */
export function mergedTypes(
  texts: ReadonlyMap<string, string>,
  entries: ReadonlyMap<string, string>,
): Map<string, string> {
  const sources = new Map(
    [...texts].map((
      [path, text],
    ) => [path, ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)]),
  );
  const alone = filesAlone(sources, entries);
  const nameOf = (path: string) =>
    entries.get(path) ??
      (alone.has(path) ? path.replace(/\.d\.ts$/, "").replaceAll("/", "_") : COMMON);
  const imports = new Map<string, Set<string>>();
  const merged: string[] = [];
  const declared = new Set<string>();
  const files = new Map<string, string>();
  for (const [path, source] of sources) {
    if (nameOf(path) !== COMMON) {
      files.set(`${nameOf(path)}.d.ts`, withPaths(source, nameOf));
      continue;
    }
    for (const statement of source.statements) {
      if (ts.isImportDeclaration(statement)) {
        const from = nameOf(pathOf(path, statement));
        const bindings = statement.importClause?.namedBindings as ts.NamedImports;
        const names = imports.get(from) ?? new Set();
        for (const { name } of bindings.elements) names.add(name.text);
        if (from !== COMMON) imports.set(from, names);
      } else if (!ts.isExportDeclaration(statement)) {
        merged.push(statement.getFullText().trim());
        for (const name of namesOf(statement)) declared.add(name);
      }
    }
  }
  const head: string[] = [DISPOSABLE];
  for (const [from, names] of imports) {
    // What an entry has from here needs no way around it.
    const others = [...names].filter((name) => !declared.has(name));
    if (others.length > 0) head.push(`import type { ${others.join(", ")} } from "./${from}.js";\n`);
  }
  files.set(`${COMMON}.d.ts`, `${head.join("")}${merged.join("\n")}\nexport {};\n`);
  return files;
}

/** The files that can't be merged, without the entries. */
function filesAlone(
  sources: ReadonlyMap<string, ts.SourceFile>,
  entries: ReadonlyMap<string, string>,
): Set<string> {
  const alone = new Set<string>();
  const names = new Set<string>();
  for (const [path, { statements }] of sources) {
    if (entries.has(path)) continue;
    const own = statements.flatMap(namesOf);
    const imports = statements.filter(ts.isImportDeclaration);
    const isAlone = new Set(own).intersection(names).size > 0 ||
      imports.some((statement) => !specifierOf(statement).startsWith(".")) ||
      imports.some(({ importClause }) => !isPlain(importClause));
    if (isAlone) alone.add(path);
    else for (const name of own) names.add(name);
  }
  for (let before = -1; before < alone.size;) {
    before = alone.size;
    for (const [path, { statements }] of sources) {
      if (entries.has(path)) continue;
      const imports = statements.filter(ts.isImportDeclaration);
      if (imports.some((statement) => alone.has(pathOf(path, statement)))) alone.add(path);
    }
  }
  return alone;
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const name = (statement as ts.DeclarationStatement).name?.getText();
  return name === undefined ? [] : [name];
}

/** `{ X, Y }`, and no other names for them. */
function isPlain(clause: ts.ImportClause | undefined): boolean {
  const bindings = clause?.namedBindings;
  return bindings !== undefined && ts.isNamedImports(bindings) &&
    bindings.elements.every(({ propertyName }) => propertyName === undefined);
}

/** A file with the new paths; what comes from one file is imported at once. */
function withPaths(source: ts.SourceFile, nameOf: (path: string) => string): string {
  const lists = new Map<string, string[]>();
  const rest: string[] = [];
  for (const statement of source.statements) {
    const isExport = ts.isExportDeclaration(statement);
    const specifier = (isExport || ts.isImportDeclaration(statement)) && statement.moduleSpecifier
      ? specifierOf(statement)
      : undefined;
    const clause = isExport
      ? statement.exportClause
      : ts.isImportDeclaration(statement)
      ? statement.importClause?.namedBindings
      : undefined;
    if (specifier === undefined || isBuiltin(specifier) || !specifier.startsWith(".")) {
      rest.push(statement.getFullText().trim());
      continue;
    }
    const from = `"./${nameOf(pathOf(source.fileName, statement as ts.ImportDeclaration))}.js"`;
    if (clause === undefined || !("elements" in clause)) {
      rest.push(`export * from ${from};`);
      continue;
    }
    const isTypeOnly = isExport
      ? statement.isTypeOnly
      : (statement as ts.ImportDeclaration).importClause?.isTypeOnly;
    const key = `${isExport ? "export" : "import"}${isTypeOnly ? " type" : ""} {} from ${from};`;
    const elements = (clause.elements as ts.NodeArray<ts.Node>).map((each) => each.getText());
    lists.set(key, [...lists.get(key) ?? [], ...elements]);
  }
  // The comment of the module comes before all else.
  const [, comment = ""] = /^(\/\*\*(?:(?!\*\/)[\s\S])*@module[\s\S]*?\*\/\n)/.exec(source.text) ??
    [];
  const statements = [
    ...[...lists].map(([key, names]) => key.replace("{}", `{ ${names.join(", ")} }`)),
    ...rest.map((text) => text.startsWith(comment.trim()) ? text.slice(comment.length) : text),
  ];
  return `${comment}${statements.join("\n")}\n`;
}

function specifierOf(statement: ts.ImportDeclaration | ts.ExportDeclaration): string {
  return (statement.moduleSpecifier as ts.StringLiteral).text;
}

/** The file that a statement imports. */
function pathOf(path: string, statement: ts.ImportDeclaration): string {
  return join(path, "..", specifierOf(statement).replace(/\.js$/, ".d.ts")).replaceAll("\\", "/");
}
