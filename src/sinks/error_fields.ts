/**
 * An error as fields, with what caused it: all that can be shown of it.
 *
 * @module
 */

/** What is known of an error, or of whatever else was thrown. */
export interface ErrorFields {
  /** The class: `"TypeError"`; of a value that is not an error its type: `"string"`. */
  type: string;
  /** The message, or the value as text. */
  message: string;
  /** Where it was made. */
  stack?: string;
  /** What caused it, in the same shape. */
  cause?: ErrorFields;
  /** The errors of an `AggregateError`. */
  errors?: ErrorFields[];
  /** What the error says of itself, like `code`. */
  [field: string]: unknown;
}

/** How long a chain of causes is shown. */
const MOST_CAUSES = 8;
/** How many errors are shown in all, each once: one of a list may have the list as its cause. */
const MOST_ERRORS = 256;
/** How many of the errors of an `AggregateError`, and of the items of a list, are shown. */
const MOST_ITEMS = 16;
/** How deep the values of an error's own fields are shown. */
const MOST_DEPTH = 4;
/** What stands for a part that can't be shown. */
export const HIDDEN = "[can't be shown]";
/** Those that have a place of their own. */
const KNOWN: ReadonlySet<string> = new Set(["type", "name", "message", "stack", "cause", "errors"]);
/** Own fields of an error by which runtimes say what has failed. All others may hold a secret. */
const CODES = ["code", "errno", "syscall"];

/** What is known of what was thrown. Never throws. */
export function errorFields(thrown: unknown): ErrorFields {
  return fieldsOf(thrown, true, 0, new Set());
}

/**
 * The same without the values that an application has put into it, but for a code: those of a request that
 * failed may be its headers. Never throws.
 */
export function errorCodes(thrown: unknown): ErrorFields {
  return fieldsOf(thrown, false, 0, new Set());
}

function fieldsOf(
  thrown: unknown,
  isWhole: boolean,
  depth: number,
  seen: Set<unknown>,
): ErrorFields {
  if (Object(thrown) !== thrown) return { type: typeof thrown, message: text(thrown) };
  if (seen.has(thrown)) return { type: "more", message: "an error that is shown already" };
  if (depth > MOST_CAUSES || seen.size >= MOST_ERRORS) {
    return { type: "more", message: "more causes" };
  }
  seen.add(thrown);
  const error = thrown as Partial<AggregateError>;
  const stack = attempt(() => error.stack);
  const name = attempt(() => error.name);
  // Of another realm, too, where it is no instance of our Error.
  const isError = typeof stack === "string" || attempt(() => thrown instanceof Error) === true;
  const own = !isError ? {} : isWhole ? ownFields(error, 0) : codesOf(error);
  const fields: ErrorFields = {
    type: isError ? text(name) : typeof thrown,
    message: isError ? text(attempt(() => error.message)) : messageOf(error, isWhole),
    ...typeof stack === "string" && { stack },
    ...own,
  };
  const cause = attempt(() => error.cause);
  if (cause !== undefined) fields.cause = fieldsOf(cause, isWhole, depth + 1, seen);
  const errors = attempt(() => error.errors);
  if (attempt(() => Array.isArray(errors)) && depth < MOST_CAUSES) {
    fields.errors = attempt(() =>
      errors!.slice(0, MOST_ITEMS).map((each) =>
        fieldsOf(each, isWhole, depth + 1, seen)
      )
    ) ?? [];
  }
  return fields;
}

/** The same as text: the stack, the own fields, and the causes below. */
export function errorText(fields: ErrorFields): string {
  const { type, message, stack, cause, errors = [], ...own } = fields;
  const isThere = stack !== undefined && stack.includes(message);
  const lines = [isThere ? stack : `${type}: ${message}${stack === undefined ? "" : `\n${stack}`}`];
  for (const name in own) lines.push(`    ${name}: ${JSON.stringify(own[name])}`);
  for (const each of errors) lines.push(`one of the errors: ${errorText(each)}`);
  if (cause !== undefined) lines.push(`caused by: ${errorText(cause)}`);
  return lines.join("\n");
}

/** The text of an object that is no error; the names of its fields, if their values are not to be seen. */
function messageOf(thrown: object, isWhole: boolean): string {
  if (!isWhole) {
    const { message } = attempt(() => ({ message: (thrown as Partial<Error>).message })) ?? {};
    if (typeof message === "string") return message;
    const names = attempt(() => Object.keys(thrown)) ?? [];
    return `an object with the fields ${names.slice(0, MOST_ITEMS).join(", ") || "(none)"}`;
  }
  const json = attempt(() => JSON.stringify(shown(thrown, 0)));
  return json ?? text(thrown);
}

function codesOf(error: object): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of CODES) {
    const value = attempt(() => (error as Record<string, unknown>)[name]);
    if (typeof value === "string" || Number.isFinite(value)) fields[name] = value;
  }
  return fields;
}

function ownFields(of: object, depth: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of attempt(() => Object.keys(of)) ?? []) {
    if (depth === 0 && KNOWN.has(name)) continue;
    const value = attempt(() => ({ value: (of as Record<string, unknown>)[name] }));
    fields[name] = value === undefined ? HIDDEN : shown(value.value, depth);
  }
  return fields;
}

/** A value as JSON can have it. */
function shown(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "object":
      break;
    default:
      return text(value);
  }
  if (value === null) return null;
  if (depth >= MOST_DEPTH) return attempt(() => Object.prototype.toString.call(value)) ?? HIDDEN;
  return attempt(() => {
    if (Array.isArray(value)) {
      return value.slice(0, MOST_ITEMS).map((item) => shown(item, depth + 1));
    }
    if (value instanceof Date) return text(value);
    if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
    return ownFields(value, depth + 1);
  }) ?? HIDDEN;
}

function text(value: unknown): string {
  return attempt(() => String(value)) ?? HIDDEN;
}

/** What a getter or a proxy refuses is not known. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
