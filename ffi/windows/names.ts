/**
 * The names of shared memory on Windows, and of what belongs to it.
 *
 * @module
 */

/** The longest name in UTF-16 units: the ANSI functions, with which others open it, take 260. */
export const MAX_NAME = 240;

/**
 * A name, as it is: programs that use the C++ library open the very same. Only what the system would
 * not take is refused.
 *
 * @throws {RangeError} if it is empty or too long, or contains a NUL or a backslash that does not
 * follow `Global` or `Local`
 */
export function windowsName(name: string): string {
  const shown = JSON.stringify(name);
  const bare = name.replace(/^(Global|Local)\\/, "");
  if (bare === "") throw new RangeError(`name ${shown} is empty`);
  if (bare.includes("\0")) throw new RangeError(`name ${shown} contains a NUL`);
  if (bare.includes("\\")) {
    throw new RangeError(`name ${shown} contains a backslash: only Global\\ and Local\\ may`);
  }
  if (name.length > MAX_NAME) {
    throw new RangeError(
      `name of ${name.length} characters exceeds the maximum of ${MAX_NAME}`,
    );
  }
  return name;
}

/** The name of the mutex that a segment's writer holds. All kinds of objects have one space of names. */
export function lockName(name: string): string {
  return `${name}.ouroboros-lock`;
}

/** What stands before the names that all sessions of the machine see. */
export const GLOBAL = "Global\\";
/** How the name of a certificate ends. */
export const CERTIFICATE = ".ouroboros-id";

/** The name of the memory that tells a segment from another one of its name. */
export function certificateName(name: string): string {
  return `${name}${CERTIFICATE}`;
}

/** The name of a semaphore. */
export function semaphoreName(name: string): string {
  return `${name}.ouroboros-sem`;
}
