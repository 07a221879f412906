/**
 * Keys of members as bytes, each made once.
 *
 * @module
 */

import { Piece } from "./piece.ts";

/** So many keys are remembered: an application may have endless ones. */
export const MOST_KEYS = 2048;
/** Longer ones are not remembered. */
export const LONGEST_KEY = 128;

const pieces = new Map<string, Piece>();
const quotedPieces = new Map<string, Piece>();

/** `,"name":` as a piece. When there are too many, all are forgotten. */
export function pieceOf(name: string): Piece {
  return pieces.get(name) ?? remember(pieces, name, new Piece(`,${JSON.stringify(name)}:`));
}

/** `,"name":"` as a piece: each child with serializers learns its keys again. */
export function quotedPieceOf(name: string): Piece {
  return quotedPieces.get(name) ??
    remember(quotedPieces, name, new Piece(`${pieceOf(name).text}"`));
}

function remember(known: Map<string, Piece>, name: string, piece: Piece): Piece {
  if (name.length > LONGEST_KEY) return piece;
  if (known.size >= MOST_KEYS) known.clear();
  known.set(name, piece);
  return piece;
}

/** The same, or undefined where there is no room for one more: keys of inner objects may be data. */
export function roomyPieceOf(name: string): Piece | undefined {
  const known = pieces.get(name);
  if (known !== undefined) return known;
  return pieces.size < MOST_KEYS / 2 && name.length <= LONGEST_KEY ? pieceOf(name) : undefined;
}
