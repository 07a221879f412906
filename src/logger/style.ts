/**
 * How the values of a logger become JSON: its serializers, and what it redacts.
 *
 * @module
 */

import { LONGEST_KEY, MOST_KEYS, pieceOf, quotedPieceOf } from "../line/keys.ts";
import type { Piece } from "../line/piece.ts";
import type { Redaction } from "./redact.ts";
import type { Stringify } from "./stringify.ts";

/** Makes of a value what is written in its place. */
// deno-lint-ignore no-explicit-any
export type SerializerFn = (value: any) => any;

/** Serializers by key. */
export type Serializers = Record<string | symbol, SerializerFn>;

/** What is known of a key. */
export interface Key {
  readonly name: string;
  /** `,"name":` */
  readonly piece: Piece;
  /** `,"name":"` */
  readonly quoted: Piece;
  /** `,"name":true` and `,"name":false`, once they were needed. */
  yes: Piece | undefined;
  no: Piece | undefined;
  readonly serializer: SerializerFn | undefined;
  readonly stringifier: Stringify | undefined;
  /** Whether there is neither. */
  readonly isPlain: boolean;
  /** The one that came after it the last time. */
  next: Key | undefined;
}

/** How values become JSON. Children that change nothing of it have their parent's. */
export class Style {
  /** Serializers by key, without a prototype. */
  readonly serializers: Serializers;
  readonly redaction: Redaction | undefined;
  readonly stringify: Stringify;
  /** What the `%` formats make JSON with. */
  readonly format: { stringify: Stringify };
  /** Whether a message that is text is written as it is. */
  readonly isMessagePlain: boolean;
  readonly #errorKey: string;
  readonly #messageKey: string;
  // Most children with serializers log a line or two, or none.
  #keys: Map<string, Key> | undefined;

  /** A style; `errorKey` is the key whose values `serializers.err` gets, too. */
  constructor(
    serializers: Serializers,
    redaction: Redaction | undefined,
    stringify: Stringify,
    errorKey: string,
    messageKey: string,
  ) {
    this.serializers = serializers;
    this.redaction = redaction;
    this.stringify = stringify;
    this.format = { stringify: redaction?.whole ?? stringify };
    this.#errorKey = errorKey;
    this.#messageKey = messageKey;
    this.isMessagePlain = !serializers[messageKey] && this.stringifier(messageKey) === undefined;
  }

  /** This style with other serializers, or another redaction. */
  with(changes: { serializers?: Serializers; redaction?: Redaction }): Style {
    const { serializers = this.serializers, redaction = this.redaction } = changes;
    return new Style(serializers, redaction, this.stringify, this.#errorKey, this.#messageKey);
  }

  /** What is known of a key. */
  key(name: string): Key {
    return this.#keys?.get(name) ?? this.#learn(name);
  }

  /** Looks at the serializers again. */
  forget(): void {
    this.#keys = undefined;
  }

  /** What makes JSON of the values of a key; undefined if nothing in it is redacted. */
  stringifier(name: string): Stringify | undefined {
    const { redaction } = this;
    return redaction && (redaction.keys.get(name) ?? redaction.others);
  }

  #learn(name: string): Key {
    const { serializers } = this;
    const own = serializers[name] || (name === this.#errorKey ? serializers.err : undefined);
    const stringifier = this.stringifier(name);
    const key: Key = {
      name,
      piece: pieceOf(name),
      quoted: quotedPieceOf(name),
      yes: undefined,
      no: undefined,
      serializer: own ? (value) => own.call(serializers, value) : undefined,
      stringifier,
      isPlain: !own && stringifier === undefined,
      next: undefined,
    };
    if (name.length > LONGEST_KEY) return key;
    const keys = this.#keys ??= new Map();
    if (keys.size === MOST_KEYS) keys.clear();
    keys.set(name, key);
    return key;
  }
}
