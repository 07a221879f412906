/// <reference lib="dom" />
/** The ring as a picture: chunks as arcs, by their age, and the writer on its way. */

import type { RingPicture } from "../messages.ts";
import { type Colors, currentColors, mix, onColorsChange } from "./theme.ts";

const TURN = 2 * Math.PI;
/** How long the writer's hand takes to its new place, in milliseconds. */
const GLIDE = 200;

/** Draws the ring on a canvas. */
export class RingView {
  readonly #canvas: HTMLCanvasElement;
  readonly #still = matchMedia("(prefers-reduced-motion: reduce)");
  #colors: Colors = currentColors();
  #picture: RingPicture | undefined;
  #from = 0;
  #changed = 0;
  #isScheduled = false;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    onColorsChange(() => {
      this.#colors = currentColors();
      this.#schedule();
    });
    new ResizeObserver(() => this.#schedule()).observe(canvas);
  }

  /** Shows a picture; nothing: an empty ring. */
  show(picture: RingPicture | undefined): void {
    this.#from = this.#hand(performance.now());
    this.#changed = performance.now();
    this.#picture = picture;
    this.#schedule();
  }

  /** Where the writer's hand is now. */
  #hand(now: number): number {
    const to = this.#picture?.writer ?? 0;
    // Always forward, and never more than once around.
    const way = (to - this.#from + 1) % 1;
    const part = Math.min((now - this.#changed) / GLIDE, 1);
    return this.#still.matches || way > 0.9 ? to : (this.#from + way * part) % 1;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame((now) => this.#draw(now));
  }

  #draw(now: number): void {
    this.#isScheduled = false;
    const canvas = this.#canvas;
    const size = canvas.clientWidth;
    if (size === 0) return;
    const pixels = Math.round(size * devicePixelRatio);
    if (canvas.width !== pixels) canvas.width = canvas.height = pixels;
    const context = canvas.getContext("2d");
    if (context === null) return;
    context.setTransform(pixels / size, 0, 0, pixels / size, 0, 0);
    context.clearRect(0, 0, size, size);
    const center = size / 2;
    const width = Math.max(size * 0.1, 12);
    const radius = center - width / 2 - 7;
    const arc = (from: number, to: number, style: string, thickness: number, at = radius) => {
      context.beginPath();
      context.arc(center, center, at, angle(from), angle(to));
      context.strokeStyle = style;
      context.lineWidth = thickness;
      context.stroke();
    };
    const picture = this.#picture;
    const { empty, old, accent, danger, text, surface } = this.#colors;
    if (picture === undefined) return arc(0, 1, empty, width);
    // Gaps are as wide as a pixel or two, if there is room for them.
    const gap = picture.arcs.length > 1
      ? Math.min(1.5 / (TURN * radius), 0.15 / picture.arcs.length)
      : 0;
    for (const [index, one] of picture.arcs.entries()) {
      if (one.to - one.from <= 2 * gap) continue;
      arc(one.from + gap, one.to - gap, one.isDamaged ? danger : empty, width);
      if (one.age >= 0 && one.filled > one.from + gap) {
        // By the square root: what is new differs more from one arc to the next.
        const end = Math.min(one.filled, one.to - gap);
        arc(one.from + gap, end, mix(accent, old, Math.sqrt(one.age)), width);
      }
      if (index === picture.next) {
        arc(one.from + gap, one.to - gap, danger, 2.5, radius + width / 2 + 3.5);
      }
    }
    const hand = this.#hand(now);
    const dot = (fill: string, size: number) => {
      context.beginPath();
      const x = center + radius * Math.cos(angle(hand));
      const y = center + radius * Math.sin(angle(hand));
      context.arc(x, y, size, 0, TURN);
      context.fillStyle = fill;
      context.fill();
    };
    dot(surface, width / 2 + 3.5);
    dot(picture.isWriterAlive ? text : this.#colors.dim, width / 2);
    if (now - this.#changed < GLIDE && !this.#still.matches) this.#schedule();
  }
}

/** A place in the ring as an angle: 0 is at the top, and it goes with the clock. */
function angle(place: number): number {
  return (place - 0.25) * TURN;
}
