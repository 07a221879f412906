/**
 * Makes the guides and the API reference as HTML in `dist/docs`, or the folder that is named.
 *
 * `deno task docs`
 */

import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import process from "node:process";
import { Marked } from "marked";
import { DOCUMENTS, headingId, markdownFiles } from "./links.ts";
import { denoPath, root } from "./runtimes.ts";

const API = "api";
const STYLE = `body{max-width:50rem;margin:0 auto;padding:1rem;font:16px/1.6 system-ui,sans-serif}
:root{color-scheme:light dark}pre{overflow-x:auto;padding:.8rem;background:#8882}
code{font-size:.9em}table{display:block;overflow-x:auto;border-collapse:collapse}
th,td{padding:.2rem .6rem;border:1px solid #8886}img{max-width:100%}nav a{margin-right:1rem}`;

/** Makes all of it. */
export function buildDocs(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { exports } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
  const entries = Object.values<string>(exports);
  const output = `--output=${join(folder, API)}`;
  execFileSync(denoPath, ["doc", "--html", "--name=ouroboros", output, ...entries], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
  });
  for (const path of filesIn(join(folder, API))) linkToGuides(folder, path);
  for (const path of markdownFiles(root)) writePage(folder, path);
  for (const path of DOCUMENTS) if (/\.svg$|LICENSE$/.test(path)) copy(folder, path);
}

/** Links of all pages that lead to no file, or to no place in a guide. */
export function deadPageLinks(folder: string): string[] {
  return filesIn(folder).filter((path) => path.endsWith(".html")).flatMap((path) => {
    const text = readFileSync(path, "utf8").replace(/<(pre|code|script)\b[^]*?<\/\1>/g, "");
    return [...text.matchAll(/<(?:a|img|link|script)\b[^>]*?\b(?:href|src)="([^"]*)"/g)]
      .map(([, link]) => link.replaceAll("&amp;", "&").replaceAll("&#x2F;", "/"))
      .filter((link) => !/^(?:[a-z]+:|\/\/)/.test(link) && !leadsSomewhere(folder, path, link))
      .map((link) => `${relative(folder, path)}: ${link}`);
  });
}

function leadsSomewhere(folder: string, from: string, link: string): boolean {
  const [place, id] = decodeURI(link).split("#");
  const path = place.replace(/\?.*$/, "");
  let target = path === "" ? from : join(dirname(from), path);
  if (!existsSync(target)) return false;
  if (statSync(target).isDirectory()) target = join(target, "index.html");
  if (!existsSync(target) || id === undefined || target.startsWith(join(folder, API))) {
    return existsSync(target);
  }
  return readFileSync(target, "utf8").includes(` id="${id}"`);
}

/** Where the page of a document is; a folder whose name begins with a dot is not published. */
function pageOf(path: string): string {
  if (path === "README.md") return "index.html";
  return path.replace(/^\.github\//, "").replace(/\.md$/, ".html");
}

function writePage(folder: string, path: string): void {
  const page = pageOf(path);
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${headingId(text)}">${
          this.parser.parseInline(tokens)
        }</h${depth}>\n`;
      },
    },
    walkTokens(token) {
      if (token.type !== "link" && token.type !== "image") return;
      token.href = linkFrom(folder, path, page, token.href);
    },
  });
  const text = readFileSync(join(root, path), "utf8");
  const title = /^# (.*)$/m.exec(text)?.[1] ?? path;
  const up = (to: string) => posix.relative(posix.dirname(page), to);
  write(
    join(folder, page),
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8">` +
      `<meta name="viewport" content="width=device-width">` +
      `<title>${title.replace(/[<&]/g, "")}</title><style>${STYLE}</style></head><body>` +
      `<nav><a href="${up("index.html")}">ouroboros</a>` +
      `<a href="${up(`${API}/index.html`)}">API</a></nav>\n${marked.parse(text)}</body></html>\n`,
  );
}

/** A link of a document as one of its page. */
function linkFrom(folder: string, path: string, page: string, link: string): string {
  const [place, id] = link.split("#");
  if (place === "" || /^[a-z]+:/.test(place)) return link;
  const target = posix.join(posix.dirname(path), place);
  const to = target.endsWith(".md") ? pageOf(target) : target;
  if (to === target) copy(folder, target);
  return posix.relative(posix.dirname(page), to) + (id === undefined ? "" : `#${id}`);
}

/** Comments link to guides from the root of the package. */
function linkToGuides(folder: string, path: string): void {
  if (!path.endsWith(".html")) return;
  const text = readFileSync(path, "utf8");
  const linked = text.replace(
    /href="((?:src\/guides|\.github)\/[\w.]+\.md|README\.md)(?=["#])/g,
    (_, to) => `href="${relative(dirname(path), join(folder, pageOf(to))).replaceAll("\\", "/")}`,
  );
  if (linked !== text) writeFileSync(path, linked);
}

function copy(folder: string, path: string): void {
  const from = join(root, path);
  if (!existsSync(from) || !statSync(from).isFile()) return;
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  copyFileSync(from, join(folder, path));
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) =>
    join(folder, name)
  )
    .filter((path) => statSync(path).isFile());
}

if (import.meta.main) {
  const folder = process.argv[2] ?? join(root, "dist/docs");
  buildDocs(folder);
  const dead = deadPageLinks(folder);
  for (const link of dead) console.error(`dead link: ${link}`);
  console.log(join(folder, "index.html"));
  process.exit(dead.length === 0 ? 0 : 1);
}
