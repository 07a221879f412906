/**
 * An error as fields, with what caused it.
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
  /** What the error says of itself, like `code`. */
  [field: string]: unknown;
}

/** A chain of causes may have a circle. */
const MOST_CAUSES = 8;
/** How many of the errors of an `AggregateError` are shown. */
const MOST_ERRORS = 16;

/** What is known of what was thrown. Never throws. */
export function errorFields(thrown: unknown, depth: number = 0): ErrorFields {
  const error = Object(thrown) as Partial<AggregateError>;
  // Of another realm, too.
  const isError = attempt(() => typeof error.stack === "string" || thrown instanceof Error);
  if (!isError) return { type: typeof thrown, message: text(thrown) };
  const fields: ErrorFields = {
    type: text(attempt(() => error.name)),
    message: text(attempt(() => error.message)),
    stack: text(attempt(() => error.stack)),
  };
  for (const name of attempt(() => Object.keys(error)) ?? []) {
    if (name in fields || name === "cause" || name === "errors") continue;
    const value = attempt(() => error[name as keyof typeof error]) as unknown;
    if (typeof value === "string" || typeof value === "boolean") fields[name] = value;
    else if (typeof value === "number") {
      fields[name] = Number.isFinite(value) ? value : String(value);
    }
  }
  const cause = attempt(() => error.cause);
  if (cause !== undefined) {
    fields.cause = depth < MOST_CAUSES ? errorFields(cause, depth + 1) : "[and more]";
  }
  const errors = attempt(() => error.errors);
  if (Array.isArray(errors) && depth < MOST_CAUSES) {
    fields.errors = errors.slice(0, MOST_ERRORS).map((each) => errorFields(each, depth + 1));
  }
  return fields;
}

function text(value: unknown): string {
  return attempt(() => String(value)) ?? "[can't be shown]";
}

/** What a getter or a proxy refuses is not known. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
