/**
 * The stack of the main thread, taken by another one while the main thread is in it.
 *
 * @module
 */

import process from "node:process";
import type { Debugger, InspectorNotification, Session } from "node:inspector";

const MOST_FRAMES = 32;
/**
 * How long to wait, in milliseconds. A large program on a busy machine takes a second to say its scripts. A
 * thread in native code stops when it returns from there, which still says what it has called.
 */
const LIMIT = 2000;

/** Looks at the main thread of Node once. Others have no way to do that. */
export class MainStack {
  #isOpen = false;

  /** Whether the main thread has still to answer. Until then this thread must not end: Node aborts. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The stack as lines like those of an error; undefined if there is no session. */
  async take(): Promise<string | undefined> {
    let session: Session;
    try {
      const { Session } = process.getBuiltinModule("node:inspector");
      session = new Session();
      session.connectToMainThread();
    } catch {
      return undefined;
    }
    this.#isOpen = true;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const urls = new Map<string, string>();
    session.on(
      "Debugger.scriptParsed",
      ({ params }: InspectorNotification<Debugger.ScriptParsedEventDataType>) => {
        urls.set(params.scriptId, params.url);
      },
    );
    // Also one that comes late: nothing may hold the main thread.
    session.on(
      "Debugger.paused",
      ({ params }: InspectorNotification<Debugger.PausedEventDataType>) => {
        session.post("Debugger.resume", () => {});
        resolve(stackOf(params.callFrames, urls));
      },
    );
    session.post("Debugger.enable", () => {});
    session.post("Debugger.pause", () => {});
    // Answers don't keep a thread alive.
    const timer = setTimeout(() => resolve(undefined), LIMIT);
    const stack = await promise;
    clearTimeout(timer);
    session.post("Debugger.disable", () => {
      session.disconnect();
      this.#isOpen = false;
    });
    return stack;
  }
}

function stackOf(frames: Debugger.CallFrame[], urls: ReadonlyMap<string, string>): string {
  return frames.slice(0, MOST_FRAMES).map(({ functionName, url, location }) => {
    const place = `${url || urls.get(location.scriptId) || "<anonymous>"}:${
      location.lineNumber + 1
    }:${(location.columnNumber ?? 0) + 1}`;
    return functionName === "" ? `    at ${place}` : `    at ${functionName} (${place})`;
  }).join("\n");
}
