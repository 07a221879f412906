/// <reference lib="dom" />
/** The colors of the style sheet, for what is drawn on a canvas. */

const NAMES = [
  "text",
  "dim",
  "line",
  "surface",
  "accent",
  "second",
  "old",
  "danger",
  "warn",
  "empty",
] as const;

/** Colors by the names of their custom properties, without the dashes. */
export type Colors = Record<typeof NAMES[number], string>;

/** The colors as they are now. */
export function currentColors(): Colors {
  const style = getComputedStyle(document.documentElement);
  const colors = {} as Colors;
  for (const name of NAMES) colors[name] = style.getPropertyValue(`--${name}`).trim();
  return colors;
}

/** Calls `change` when the colors have changed. */
export function onColorsChange(change: () => void): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", change);
}

/** A color between two of six digits; 0 is the first one. */
export function mix(first: string, second: string, part: number): string {
  const channel = (color: string, at: number) => parseInt(color.slice(at, at + 2), 16);
  const mixed = [1, 3, 5].map((at) =>
    Math.round(channel(first, at) * (1 - part) + channel(second, at) * part)
  );
  return `rgb(${mixed.join(" ")})`;
}
