/**
 * Where the entries of a log are from that was received.
 *
 * @module
 */

import { OuroborosError } from "../../errors.ts";
import type { LogTarget } from "../../log/native/target.ts";
import type { LogSource } from "../../ship/message.ts";
import { Origins } from "../../ship/origins.ts";
import { sourceLabel } from "./harmless.ts";

/** A log of some machine as JSON has it. */
export interface SourceObject {
  readonly host: string;
  readonly log: string;
  readonly segment: string;
}

/** A log of some machine as JSON has it. */
export function sourceObject({ host, name, segment }: LogSource): SourceObject {
  return { host, log: name, segment };
}

/** Where an entry is from, for people and for programs. */
export interface EntrySource {
  /** Like `web-1/app`, and `?` if that is not known. */
  readonly label: string;
  /** The log, and the number that the entry has there; `null` if that is not known. */
  readonly object: SourceObject & { readonly seq: number } | null;
}

const UNKNOWN: EntrySource = { label: "?", object: null };

/** Where the entries of a log are from that `receive --to` has written. */
export class ReceivedLog implements Disposable {
  readonly #origins: Origins;
  readonly #labels = new WeakMap<LogSource, string>();

  private constructor(origins: Origins) {
    this.#origins = origins;
  }

  /** Opens what is beside a log; `undefined` if nobody received into it, or nothing can be read of that. */
  static open(target: LogTarget): ReceivedLog | undefined {
    try {
      return new ReceivedLog(Origins.open(target));
    } catch (error) {
      if (error instanceof OuroborosError) return undefined;
      throw error;
    }
  }

  /** Where an entry is from. */
  of(sequenceNumber: number): EntrySource {
    const origin = this.#origins.of(sequenceNumber);
    if (origin === undefined) return UNKNOWN;
    const { source } = origin;
    let label = this.#labels.get(source);
    if (label === undefined) this.#labels.set(source, label = sourceLabel(source));
    return { label, object: { ...sourceObject(source), seq: origin.sequenceNumber } };
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#origins.close();
  }
}

/** Whether something says where the entries of a log are from: the end of its file, or what is beside it. */
export function isReceived(target: LogTarget): boolean {
  using received = ReceivedLog.open(target);
  return received !== undefined;
}
