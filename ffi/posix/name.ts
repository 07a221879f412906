/**
 * The names of shared memory on Linux and macOS.
 *
 * @module
 */

/**
 * A name with its `/`, checked.
 *
 * @throws {RangeError} if it is empty, `.` or `..`, too long, or contains a slash or a NUL
 */
export function posixName(name: string, maxLength: number): string {
  const bare = name.startsWith("/") ? name.slice(1) : name;
  const shown = JSON.stringify(name);
  if (bare === "") throw new RangeError(`name ${shown} is empty`);
  if (bare.includes("/")) throw new RangeError(`name ${shown} contains a slash`);
  if (bare.includes("\0")) throw new RangeError(`name ${shown} contains a NUL`);
  if (bare === "." || bare === "..") throw new RangeError(`name ${shown} is reserved`);
  const length = new TextEncoder().encode(bare).length;
  if (length > maxLength) {
    throw new RangeError(`name of ${length} bytes exceeds the maximum of ${maxLength}`);
  }
  return `/${bare}`;
}
