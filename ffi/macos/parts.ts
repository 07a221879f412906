/**
 * What the parts of macOS tell each other.
 *
 * @module
 */

import type { SegmentIdentity } from "../system.ts";

/** What is known of a segment. */
export interface MacSegment {
  /** Its size in bytes; 0 if it has none yet. */
  size: number;
  /** What its mark says. */
  identity: SegmentIdentity;
  /** Whether it may be one whose creator has not come to the mark: without one, and all zeros. */
  isBlank: boolean;
}

/** What else is needed of the system. */
export interface MacOptions {
  /** The permission bits of what a descriptor leads to. */
  mode(descriptor: number): number;
  /** The number of the user that this process acts for. */
  user(): number;
  /** Where lock files are. */
  lockFolder: string;
}
