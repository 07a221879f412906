/**
 * What is kept of a line that is too large for an entry.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** What the mark of a truncated text takes at most, in bytes. */
const TEXT_MARK_ROOM = 40;

/** What the member that marks a truncated object takes at most, in bytes. */
const JSON_MARK_ROOM = 40;

/** Deeper than this nothing is looked at: it is kept as it is, or dropped. */
const MOST_DEPTH = 16;

/** What a member of an object or array gets at least, if it gets anything, in bytes. */
const LEAST_SHARE = 32;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const encoder = new TextEncoder();

/** How many code units of `text`, from `start` on, fit into `room` bytes of UTF-8. */
export function unitsThatFit(text: string, start: number, room: number): number {
  // No code unit is less than a byte, so no more than `room` of them are needed.
  const { read } = encoder.encodeInto(text.slice(start, start + room), new Uint8Array(room));
  return read;
}

/**
 * Makes `text` fit into `max` bytes (128 at least). Of a JSON object it makes a JSON object: what is
 * small stays, large strings, arrays and objects are cut, and `truncatedBytes` says how much is
 * missing, with the bytes that were left out before. Other text ends with `… [123 bytes truncated]`.
 */
export function truncate(text: string, max: number, omitted: number = 0): string {
  return isJsonObject(text) ? truncateJson(text, max, omitted) : truncateText(text, max);
}

/** Whether it is a JSON object from its first character on. */
export function isJsonObject(text: string): boolean {
  if (!text.startsWith("{")) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function truncateText(text: string, max: number): string {
  const kept = text.slice(0, unitsThatFit(text, 0, max - TEXT_MARK_ROOM));
  const dropped = Buffer.byteLength(text) - Buffer.byteLength(kept);
  return `${kept}… [${dropped} bytes truncated]`;
}

function truncateJson(text: string, max: number, omitted: number): string {
  const kept = shorten(text, 0, text.trimEnd().length, max - JSON_MARK_ROOM, 0) ?? "{}";
  const dropped = Buffer.byteLength(text) - Buffer.byteLength(kept) + omitted;
  const comma = kept === "{}" ? "" : ",";
  return `${kept.slice(0, -1)}${comma}"truncatedBytes":${dropped}}`;
}

/**
 * The value at `start` in `room` bytes, or undefined if nothing of it can be kept. Works on the
 * source: parsing and writing it again would change numbers that JavaScript does not have.
 */
function shorten(
  text: string,
  start: number,
  end: number,
  room: number,
  depth: number,
): string | undefined {
  const whole = text.slice(start, end);
  if (Buffer.byteLength(whole) <= room) return whole;
  if (text[start] === '"') return shortenString(text, start, end, room);
  if ((text[start] !== "{" && text[start] !== "[") || depth > MOST_DEPTH) return undefined;
  return shortenContainer(text, start, room, depth);
}

/** A member of an object, with its key, or of an array. */
interface Member {
  start: number;
  valueStart: number;
  end: number;
  kept: string | undefined;
}

/** A member and its size in bytes, with a comma. */
interface SizedMember {
  member: Member;
  size: number;
}

function shortenContainer(
  text: string,
  start: number,
  room: number,
  depth: number,
): string | undefined {
  if (room < 2) return undefined;
  let left = room - 2;
  // Each takes two bytes at least: of more than that not all are kept, and those at the end are not.
  const most = left >> 1;
  const members = membersOf(text, start, most);
  const sized = (member: Member): SizedMember => ({
    member,
    size: Buffer.byteLength(text.slice(member.start, member.end)) + 1,
  });
  const keep = ({ member, size }: SizedMember, share: number): void => {
    const { start, valueStart, end } = member;
    if (size <= share) member.kept = text.slice(start, end);
    else {
      const key = text.slice(start, valueStart);
      const value = shorten(text, valueStart, end, share - Buffer.byteLength(key) - 1, depth + 1);
      member.kept = value === undefined ? undefined : key + value;
    }
    if (member.kept !== undefined) left -= Buffer.byteLength(member.kept) + 1;
  };
  // Small ones first: what they leave of their share is there for the large ones.
  const bySize = members.length > most ? [] : members.map(sized).sort((a, b) => a.size - b.size);
  if (bySize.length > 0 && shareOfLarge(bySize, left) >= LEAST_SHARE) {
    bySize.forEach((member, i) => keep(member, Math.floor(left / (members.length - i))));
  } else {
    // Too many to give something to each: the first ones.
    for (const member of members) {
      if (left < LEAST_SHARE) break;
      keep(sized(member), Math.max(LEAST_SHARE, left >> 1));
    }
  }
  const kept = members.flatMap((member) => member.kept ?? []).join(",");
  return text[start] + kept + (text[start] === "{" ? "}" : "]");
}

/** What is left for each member that does not fit, when the others have got what they need. */
function shareOfLarge(bySize: readonly SizedMember[], room: number): number {
  for (const [i, { size }] of bySize.entries()) {
    const share = room / (bySize.length - i);
    if (size > share) return share;
    room -= size;
  }
  return room;
}

/** The members of the value at `start`, up to one more than `most`. */
function membersOf(text: string, start: number, most: number): Member[] {
  const members: Member[] = [];
  const isObject = text[start] === "{";
  let at = skipSpace(text, start + 1);
  while (text[at] !== "}" && text[at] !== "]" && members.length <= most) {
    let valueStart = at;
    if (isObject) valueStart = skipSpace(text, skipSpace(text, skipValue(text, at)) + 1);
    const end = skipValue(text, valueStart);
    members.push({ start: at, valueStart, end, kept: undefined });
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return members;
}

function skipSpace(text: string, at: number): number {
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

/** The end of the value at `at`, of text that is known to be JSON. */
function skipValue(text: string, at: number): number {
  for (let depth = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // Most of a large value: digits, commas.
    if (code < OPEN_ARRAY && code !== QUOTE) {
      if (depth > 0) continue;
      return skipScalar(text, at);
    }
    if (code === QUOTE) at = skipString(text, at) - 1;
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth++;
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth--;
    else if (depth === 0) return skipScalar(text, at);
    if (depth === 0) return at + 1;
  }
  return at;
}

function skipScalar(text: string, at: number): number {
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === CLOSE_ARRAY || code === CLOSE_OBJECT || isSpace(code)) break;
  }
  return at;
}

function skipString(text: string, at: number): number {
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at + 1;
  }
}

/** Cuts between characters, never in an escape or between the halves of a pair. */
function shortenString(text: string, start: number, end: number, room: number): string | undefined {
  const limit = room - '"…"'.length - 2;
  if (limit < 1) return undefined;
  let at = start + 1;
  let size = 0;
  while (at < end - 1) {
    const units = unitsOfCharacter(text, at);
    size += Buffer.byteLength(text.slice(at, at + units));
    if (size > limit) break;
    at += units;
  }
  return `${text.slice(start, at)}…"`;
}

function unitsOfCharacter(text: string, at: number): number {
  if (text[at] !== "\\") return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  if (text[at + 1] !== "u") return 2;
  return /^\\ud[89ab]..\\ud[c-f]/i.test(text.slice(at, at + 10)) ? 12 : 6;
}
