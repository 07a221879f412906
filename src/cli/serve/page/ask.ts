/// <reference lib="dom" />
/** Questions to the server that have one answer. */

/** The token of the server, which is in the address of the page. */
export const token: string = new URLSearchParams(location.search).get("token") ?? "";

/** Why there is no answer. */
export interface Refusal {
  code: string;
  message: string;
}

/** An answer, or why it is refused; `undefined` if the server can't be reached. */
export type Answer<T> = { found: T; refusal?: undefined } | { found?: undefined; refusal: Refusal };

/** Asks for a path beside the page, which may be anywhere behind a proxy. */
export async function ask<T>(
  path: string,
  query: Record<string, string | undefined>,
  signal?: AbortSignal,
): Promise<Answer<T> | undefined> {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") params.set(name, value);
  }
  try {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${path}?${params}`, { headers, signal });
    const body = await response.json();
    return response.ok ? { found: body } : { refusal: body.error };
  } catch {
    // Not to be reached, or not wanted any more.
    return undefined;
  }
}
