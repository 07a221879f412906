/** The names that only a file itself knows, made short. */

import { minify, type SourceMapOptions } from "terser";

/** Node shows the line of an error that nobody caught. */
const LINE_LIMIT = 160;

/** What becomes of one file. */
export interface Mangled {
  code: string;
  /** The source map, if one went in. */
  map: string | undefined;
}

/**
 * Shortens a module. What stack traces and `console.log` show keeps its name: classes, methods, and
 * the functions that are `exported`. esbuild would either name all functions anew at run time, or none.
 */
export async function mangled(
  source: string,
  { map, exported = [] }: { map?: string; exported?: readonly string[] },
): Promise<Mangled> {
  const sourceMap: SourceMapOptions | undefined = map === undefined ? undefined : { content: map };
  const result = await minify(source, {
    module: true,
    ecma: 2020,
    // esbuild has simplified what can be, and the hot paths shall stay as they were written.
    compress: false,
    mangle: { keep_classnames: true, reserved: [...exported] },
    format: { comments: false, max_line_len: LINE_LIMIT },
    sourceMap,
  });
  return { code: result.code as string, map: result.map as string | undefined };
}
