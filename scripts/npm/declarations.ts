/** The types of the package: a declaration file for each source that the entries' types lead to. */

import { isBuiltin } from "node:module";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { root } from "../runtimes.ts";
import { withBriefComments } from "./brief_comments.ts";
import { packageOf } from "./dependencies.ts";
import { mergedTypes } from "./merged_types.ts";
import { entries } from "./project.ts";
import { usedTypes } from "./used_types.ts";

/**
 * Writes `NAME.d.ts` for each entry, and files of what they have in common, with nothing in them that
 * no entry leads to, and with short comments.
 *
 * @returns the packages whose types they need
 */
export function writeDeclarations(folder: string): Set<string> {
  const program = ts.createProgram({
    rootNames: entries.map(({ source }) => `${root}${source}`),
    options: {
      declaration: true,
      emitDeclarationOnly: true,
      // That is done by Deno, which has the types of all runtimes.
      noCheck: true,
      allowImportingTsExtensions: true,
      verbatimModuleSyntax: true,
      strict: true,
      stripInternal: true,
      resolveJsonModule: true,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ESNext,
      rootDir: root,
      outDir: folder,
    },
  });
  const declarations = new Map<string, string>();
  const { diagnostics } = program.emit(undefined, (path, text) => {
    declarations.set(relative(folder, path).replaceAll("\\", "/"), withJavaScriptPaths(text));
  });
  if (diagnostics.length > 0) {
    throw new Error(ts.formatDiagnostics(diagnostics, {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => root,
      getNewLine: () => "\n",
    }));
  }
  const entryFiles = new Map(entries.map(({ source, name }) => [sourceDeclaration(source), name]));
  const used = usedTypes(declarations, [...entryFiles.keys()]);
  const brief = new Map(
    [...used].map(([path, text]) => [path, withBriefComments(text, entryFiles.has(path))]),
  );
  const packages = new Set<string>();
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of mergedTypes(brief, entryFiles)) {
    writeFileSync(join(folder, file), text);
    for (const [, name] of text.matchAll(FROM_PACKAGE)) packages.add(packageOf(name));
  }
  return new Set([...packages].filter((name) => !isBuiltin(name)));
}

/** `ffi/mod.d.ts` of `ffi/mod.ts`. */
function sourceDeclaration(source: string): string {
  return source.replace(/\.ts$/, ".d.ts");
}

/** What the file itself imports and exports, and no words of its comments. */
const PATHS = /^((?:import|export)\b[^;]*?from\s+"\.[^"]*)\.ts"/gm;
const FROM_PACKAGE = /^(?:import|export)\b[^;]*?from\s+"([^".][^"]*)"/gm;
/** A type that the compiler wrote out. */
const INLINE = /(import\("\.[^"]*)\.ts"\)/g;

function withJavaScriptPaths(text: string): string {
  return text.replace(PATHS, '$1.js"').replace(INLINE, '$1.js")');
}
