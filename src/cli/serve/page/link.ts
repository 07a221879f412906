/** Links to an entry: `#log=/app&seq=1234`. */

/** The place that a link leads to. */
export interface Link {
  log: string;
  seq: number;
  /** The segment that the entry was in: another one of that name has other entries. */
  segment: string;
}

/** The part of an address from its `#` on. */
export function hashOf({ log, seq, segment }: Link): string {
  const params = new URLSearchParams({ log, seq: String(seq) });
  if (segment !== "") params.set("segment", segment);
  return `#${params}`;
}

/** The link in such a part; `undefined` if it is not one. */
export function linkOf(hash: string): Link | undefined {
  const params = new URLSearchParams(hash.replace(/^#/, ""));
  const [log, seq] = [params.get("log"), params.get("seq") ?? ""];
  if (log === null || !/^[1-9]\d{0,14}$/.test(seq)) return undefined;
  return { log, seq: Number(seq), segment: params.get("segment") ?? "" };
}
