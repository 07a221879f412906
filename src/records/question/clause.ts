/**
 * What a question says, as a tree.
 *
 * @module
 */

/** A question, or a part of it. */
export type Clause =
  | { readonly kind: "and" | "or"; readonly parts: readonly Clause[] }
  | { readonly kind: "not"; readonly part: Clause }
  | Match;

/** What the values of a field, or the text of an entry, must be like. */
export interface Match {
  readonly kind: "match";
  /** The name of the field; `undefined`: any part of the text. */
  readonly field: string | undefined;
  readonly wanted: Wanted;
  /** Where it stands in the question. */
  readonly from: number;
  readonly to: number;
}

/** What a value must be like. */
export type Wanted =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "exact"; readonly text: string }
  /** With `*` and `?` in it; what follows a backslash is itself. */
  | { readonly kind: "wildcard"; readonly pattern: string }
  | { readonly kind: "any" }
  | { readonly kind: "regExp"; readonly regExp: RegExp }
  | { readonly kind: "range"; readonly least?: Bound; readonly most?: Bound };

/** An end of a range. */
export interface Bound {
  readonly text: string;
  /** Whether the bound itself is in the range. */
  readonly isIn: boolean;
}
