/**
 * Ends of a command that are neither success nor an error to be explained.
 *
 * @module
 */

/** Ends the command with an exit code. All has been said by then. */
export class ExitError extends Error {
  /** The exit code. */
  readonly exitCode: number;

  /** Makes the end with this code. */
  constructor(exitCode: number) {
    super(`exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}
