/**
 * Who waits until something is so.
 *
 * @module
 */

/** Those who wait for conditions, which are looked at when somebody says so. */
export class Waiters {
  #waiting: { readonly isSo: () => boolean; readonly resolve: () => void }[] = [];

  /** Waits until `isSo` is so: at once, or when it is at a later look. */
  until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ isSo, resolve }));
  }

  /** Looks whether it is so for some of them by now. */
  look(): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.filter(({ isSo, resolve }) => {
      if (!isSo()) return true;
      resolve();
      return false;
    });
  }
}
