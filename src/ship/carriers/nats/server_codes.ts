/**
 * What JetStream says in the client's errors, and more than one asks for.
 *
 * @module
 */

/** While its cluster is being set up, or has no leader: too few servers, not available, not now. */
export const NOT_YET: readonly number[] = [10005, 10008, 10009];

/** Whether something was not permitted: it is the reason that the client gives for what came of it. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error &&
    (error.name === "PermissionViolationError" || isForbidden(error.cause));
}
