/**
 * What JetStream says by numbers, and more than one asks for.
 *
 * @module
 */

/** While its cluster is being set up, or has no leader: too few servers, not available, not now. */
export const NOT_YET: readonly number[] = [10005, 10008, 10009];
