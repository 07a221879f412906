/**
 * Subjects of NATS: how one is made for a log, and which ones a pattern takes.
 *
 * @module
 */

import type { LogSource } from "../../message.ts";

export const DEFAULT_SUBJECT = "logs.{host}.{name}";

/** A host or a name as one token of a subject: `/app/v1.2` becomes `app_v1_2`. */
export function subjectToken(text: string): string {
  const token = text.replace(/^\//, "").replace(/[^A-Za-z0-9_-]/gu, "_");
  return token === "" ? "_" : token;
}

/**
 * The subject for a source: `{host}`, `{name}` and `{segment}` in the template become tokens.
 *
 * @throws {RangeError} if what comes out is no subject that can be published to
 */
export function subjectOf(template: string, source: LogSource): string {
  const subject = template.replace(/\{(\w+)\}/g, (whole, key: string) => {
    if (key !== "host" && key !== "name" && key !== "segment") {
      throw new RangeError(
        `subject "${template}" has ${whole}, but only {host}, {name}, {segment}`,
      );
    }
    return subjectToken(source[key]);
  });
  // No white space, no empty token, no wildcard; "$" begins what belongs to the server.
  if (!/^(?!\$)[^\s.*>{}\p{Cc}]+(\.[^\s.*>{}\p{Cc}]+)*$/u.test(subject)) {
    throw new RangeError(`"${subject}" is no subject to publish to`);
  }
  return subject;
}

/** The subjects of all that a template may become, for a stream that takes them: `logs.*.*`. */
export function subjectFilter(template: string): string {
  return template.split(".").map((token) => /\{\w+\}/.test(token) ? "*" : token).join(".");
}

/** Whether a subject with wildcards takes one without. */
export function takesSubject(taker: string, subject: string): boolean {
  const wanted = taker.split(".");
  const tokens = subject.split(".");
  for (const [i, token] of wanted.entries()) {
    if (token === ">") return tokens.length > i;
    if (i >= tokens.length || token !== "*" && token !== tokens[i]) return false;
  }
  return wanted.length === tokens.length;
}

/**
 * Whether messages are from where they say. A publisher chooses every header, but not the subject: for
 * that the server has permissions. So a source is believed if the template makes that subject of it.
 *
 * @param template what the forwarders have, with `{host}`, `{name}` and `{segment}`
 */
export function subjectTrust(
  template: string = DEFAULT_SUBJECT,
): (subject: string, source: LogSource) => boolean {
  let host = "", name = "", segment = "";
  let expected = "";
  return (subject, source) => {
    if (source.segment !== segment || source.name !== name || source.host !== host) {
      ({ host, name, segment } = source);
      expected = subjectOf(template, source);
    }
    return subject === expected;
  };
}

/**
 * The templates of forwarders that the subjects of a stream were chosen for: `{host}` and `{name}` are
 * where the first wildcard is. So `logs.7.>` and `logs.7.*.*` are for `logs.7.{host}.{name}`. What no forwarder
 * can publish to is for none: the server's own subjects, and those with braces.
 */
export function templatesOf(subjects: readonly string[]): string[] {
  const templates = subjects.filter((subject) => !/^\$|[{}]/.test(subject)).map((subject) => {
    const tokens = subject.split(".");
    const wildcard = tokens.findIndex((token) => token === "*" || token === ">");
    const literal = tokens.slice(0, wildcard < 0 ? -2 : wildcard);
    return [...literal, "{host}", "{name}"].join(".");
  });
  return [...new Set([DEFAULT_SUBJECT, ...templates])];
}
