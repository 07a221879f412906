/**
 * Who may talk to the server, and what a browser may do with what it says.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";

/** A token that nobody guesses: 192 bits. */
export function randomToken(): string {
  return randomBytes(24).toString("base64url");
}

/** Whether two texts are equal, in a time that does not tell how nearly. */
export function isSameSecret(given: string, expected: string): boolean {
  // Hashes have one length, so that a length tells nothing, either.
  return timingSafeEqual(sha256(given), sha256(expected));
}

/** The token of a header `Authorization: Bearer …`; "" for any other. */
export function bearerOf(header: string | undefined): string {
  return /^Bearer +([\w.~+/=-]+)$/i.exec(header ?? "")?.[1] ?? "";
}

/** Whether an address is only reachable from this machine. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/**
 * Whether a request was meant for us, by its `Host` header. A stranger's site can make its own name
 * lead to this machine (DNS rebinding): then a browser takes our pages for that site's. An address,
 * or a name that was asked for, can't be such a name.
 *
 * @param bound what the server listens at
 * @param allowed other names that it has, of a proxy in front of it
 */
export function isOurHost(
  header: string | undefined,
  bound: string,
  allowed: readonly string[] = [],
): boolean {
  if (header === undefined) return false;
  const host = header.replace(/:\d*$/, "").replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (isLoopback(host) || allowed.some((name) => name.toLowerCase() === host)) return true;
  return !isLoopback(bound) && (isIP(host) !== 0 || host === bound.toLowerCase());
}

/** Headers of every response: nothing is stored, framed, sniffed, or told to others. */
export const SECURE_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/**
 * What a page of one script and one style sheet, which are parts of it, may do: run these two, talk
 * to its server, and nothing else; and never make elements of text.
 */
export function pagePolicy(script: string, style: string): string {
  return `${reportPolicy(script, style)}; connect-src 'self'; frame-ancestors 'none'`;
}

/** What a page may do that is a file: run these two, and nothing else. */
export function reportPolicy(script: string, style: string): string {
  return [
    "default-src 'none'",
    `script-src ${source(script)}`,
    `style-src ${source(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

function source(text: string): string {
  return `'sha256-${sha256(text).toString("base64")}'`;
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
