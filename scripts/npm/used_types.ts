/** Of declaration files, what the package's entries lead to. */

import { join } from "node:path";
import ts from "typescript";

/** Where a name comes from. */
interface Origin {
  /** A path like `./log/reader.js`, or a package. */
  specifier: string;
  /** Its name there; undefined for all of the module. */
  name: string | undefined;
}

/** One declaration file, and what of it is used. */
class DeclarationFile {
  readonly source: ts.SourceFile;
  /** Statements by the names that they declare. */
  readonly declared = new Map<string, ts.Statement[]>();
  readonly imported = new Map<string, Origin>();
  /** What is exported under another name, or of another module. */
  readonly exported = new Map<string, string | Origin>();
  /** The modules that are exported as a whole. */
  readonly stars: string[] = [];
  readonly usedNames = new Set<string>();
  readonly usedExports = new Set<string>();

  constructor(path: string, text: string) {
    this.source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    for (const statement of this.source.statements) this.#add(statement);
  }

  #add(statement: ts.Statement): void {
    if (ts.isImportDeclaration(statement)) {
      const specifier = specifierOf(statement);
      const clause = statement.importClause;
      if (clause?.name !== undefined) {
        this.imported.set(clause.name.text, { specifier, name: "default" });
      }
      const bindings = clause?.namedBindings;
      if (bindings === undefined) return;
      if (ts.isNamespaceImport(bindings)) {
        this.imported.set(bindings.name.text, { specifier, name: undefined });
      } else {
        for (const { name, propertyName } of bindings.elements) {
          this.imported.set(name.text, { specifier, name: (propertyName ?? name).text });
        }
      }
    } else if (ts.isExportDeclaration(statement)) {
      const specifier = statement.moduleSpecifier && specifierOf(statement);
      const clause = statement.exportClause;
      if (clause === undefined) this.stars.push(specifier as string);
      else if (ts.isNamedExports(clause)) {
        for (const { name, propertyName } of clause.elements) {
          const original = (propertyName ?? name).text;
          this.exported.set(
            name.text,
            specifier === undefined ? original : { specifier, name: original },
          );
        }
      }
    } else {
      for (const name of namesOf(statement)) {
        this.declared.set(name, [...this.declared.get(name) ?? [], statement]);
      }
    }
  }

  /** The file with what is used. */
  get text(): string {
    return this.source.statements.map((statement) => this.#textOf(statement)).join("");
  }

  #textOf(statement: ts.Statement): string {
    const isUsed = (name: string) => this.usedNames.has(name);
    const isExported = (name: string) => this.usedExports.has(name);
    if (ts.isImportDeclaration(statement)) {
      const clause = statement.importClause;
      const bindings = clause?.namedBindings;
      if (bindings === undefined || !ts.isNamedImports(bindings)) {
        const name = clause?.name ?? (bindings as ts.NamespaceImport | undefined)?.name;
        return name !== undefined && isUsed(name.text) ? statement.getFullText() : "";
      }
      return withElements(statement, bindings, isUsed);
    }
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause;
      // `export {}` says that what has no `export` is not exported.
      if (clause === undefined || !ts.isNamedExports(clause) || clause.elements.length === 0) {
        return statement.getFullText();
      }
      return withElements(statement, clause, isExported);
    }
    return namesOf(statement).some(isUsed) ? statement.getFullText() : "";
  }
}

/** The files that are needed, with nothing in them that is not. All paths are relative, with slashes. */
export function usedTypes(
  texts: ReadonlyMap<string, string>,
  entries: readonly string[],
): Map<string, string> {
  const files = new Map<string, DeclarationFile>();
  const fileAt = (path: string): DeclarationFile => {
    let file = files.get(path);
    if (file === undefined) {
      const text = texts.get(path);
      if (text === undefined) throw new Error(`there is no ${path}`);
      files.set(path, file = new DeclarationFile(path, text));
    }
    return file;
  };

  /** Marks what a module exports under a name. Says whether it does. */
  const useExport = (path: string, name: string): boolean => {
    const file = fileAt(path);
    const origin = file.exported.get(name);
    if (origin !== undefined) {
      if (file.usedExports.has(name)) return true;
      file.usedExports.add(name);
      if (typeof origin === "string") useName(path, origin);
      else useOrigin(path, origin);
      return true;
    }
    if (file.declared.has(name)) {
      useName(path, name);
      return true;
    }
    return file.stars.some((specifier) => useExport(pathFrom(path, specifier), name));
  };
  const useOrigin = (path: string, { specifier, name }: Origin) => {
    if (!specifier.startsWith(".")) return;
    const target = pathFrom(path, specifier);
    if (name === undefined) useAll(target);
    else if (!useExport(target, name)) throw new Error(`${target} has no ${name}`);
  };
  /** Marks what a name means within a module. */
  const useName = (path: string, name: string): void => {
    const file = fileAt(path);
    if (file.usedNames.has(name)) return;
    const origin = file.imported.get(name);
    const statements = file.declared.get(name);
    if (origin === undefined && statements === undefined) return;
    file.usedNames.add(name);
    if (origin !== undefined) useOrigin(path, origin);
    for (const statement of statements ?? []) useAllIn(path, statement);
  };
  const useAllIn = (path: string, node: ts.Node): void => {
    if (ts.isIdentifier(node)) useName(path, node.text);
    else if (ts.isImportTypeNode(node)) {
      const specifier = ((node.argument as ts.LiteralTypeNode).literal as ts.StringLiteral).text;
      const name = node.qualifier?.getText().split(".")[0];
      useOrigin(path, { specifier, name });
    }
    node.forEachChild((child) => useAllIn(path, child));
  };
  const useAll = (path: string): void => {
    const file = fileAt(path);
    for (const name of file.exported.keys()) useExport(path, name);
    for (const [name, statements] of file.declared) {
      if (statements.some(isExported)) useName(path, name);
    }
    for (const specifier of file.stars) useAll(pathFrom(path, specifier));
  };

  for (const entry of entries) useAll(entry);
  return new Map([...files].map(([path, file]) => [path, file.text]));
}

/** The file that a specifier means. */
function pathFrom(path: string, specifier: string): string {
  return join(path, "..", specifier.replace(/\.js$/, ".d.ts")).replaceAll("\\", "/");
}

function specifierOf(statement: ts.ImportDeclaration | ts.ExportDeclaration): string {
  return (statement.moduleSpecifier as ts.StringLiteral).text;
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const names = [(statement as ts.DeclarationStatement).name?.getText()];
  if (hasModifier(statement, ts.SyntaxKind.DefaultKeyword)) names.push("default");
  return names.filter((name) => name !== undefined);
}

function isExported(statement: ts.Statement): boolean {
  return hasModifier(statement, ts.SyntaxKind.ExportKeyword);
}

function hasModifier(node: ts.Statement, kind: ts.SyntaxKind): boolean {
  return ts.canHaveModifiers(node) &&
    (ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false);
}

/** A statement with only some of its names. */
function withElements(
  statement: ts.Statement,
  clause: ts.NamedImports | ts.NamedExports,
  isWanted: (name: string) => boolean,
): string {
  const wanted = clause.elements.filter(({ name }) => isWanted(name.text));
  if (wanted.length === 0) return "";
  const text = statement.getFullText();
  const start = statement.getFullStart();
  return `${text.slice(0, clause.getStart() - start)}{ ${
    wanted.map((element) => element.getText()).join(", ")
  } }${text.slice(clause.getEnd() - start)}`;
}
