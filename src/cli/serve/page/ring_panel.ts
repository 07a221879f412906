/// <reference lib="dom" />
/** The ring, and what there is to say about it. */

import type { RingPicture, Stats } from "../messages.ts";
import { byId, make, setText } from "./dom.ts";
import { formatSize } from "../../../base/sizes.ts";
import { entryCount, formatCount, formatSpan } from "./format.ts";
import { RingView } from "./ring_view.ts";

/** The picture with its numbers. */
export class RingPanel {
  readonly #view = new RingView(byId("ring") as HTMLCanvasElement);
  readonly #facts = byId("facts");
  #picture: RingPicture | undefined;
  #stats: Stats | undefined;

  /** How fast entries come. */
  set rate(stats: Stats) {
    this.#stats = stats;
    this.#describe();
  }

  /** Shows a picture, or that there is no log. */
  show(picture: RingPicture | undefined): void {
    this.#picture = picture;
    this.#view.show(picture);
    this.#describe();
  }

  #describe(): void {
    const picture = this.#picture;
    const stats = this.#stats;
    if (picture === undefined) {
      setText(byId("reach"), "–");
      setText(byId("reach-note"), "no picture");
      this.#facts.replaceChildren();
      return;
    }
    const rate = stats?.entries ?? 0;
    setText(
      byId("reach"),
      rate > 0 ? formatSpan(picture.entries / rate) : formatCount(picture.entries),
    );
    setText(byId("reach-note"), rate > 0 ? "of log at this pace" : "entries");
    byId("ring").setAttribute(
      "aria-label",
      `Ring of ${picture.chunkCount} chunks, ${entryCount(picture.entries)}, ` +
        `the writer is at ${Math.round(picture.writer * 100)} percent`,
    );
    this.#list([
      [
        "Writer",
        picture.isFinished
          ? "finished"
          : picture.isCopy
          ? "saved"
          : picture.isWriterAlive
          ? "alive"
          : "dead",
        false,
      ],
      ["Written", formatCount(picture.last), false],
      ["In the ring", formatCount(picture.entries), false],
      ["Oldest", picture.first === 0 ? "–" : `#${formatCount(picture.first)}`, false],
      [
        "Size",
        `${formatSize(picture.segmentSize)} · ${formatCount(picture.chunkCount)} × ${
          formatSize(picture.chunkSize)
        }`,
        false,
      ],
      ["Lost", formatCount(stats?.lost ?? 0), (stats?.lost ?? 0) > 0],
      ...picture.damage.map((damage): [string, string, boolean] => ["Damage", damage, true]),
    ]);
  }

  #list(facts: [string, string, boolean][]): void {
    const { children } = this.#facts;
    if (children.length !== 2 * facts.length) {
      this.#facts.replaceChildren(...facts.flatMap(() => [make("dt", ""), make("dd", "")]));
    }
    for (const [index, [name, value, isBad]] of facts.entries()) {
      setText(children[2 * index] as HTMLElement, name);
      const element = children[2 * index + 1] as HTMLElement;
      setText(element, value);
      element.className = isBad ? "bad" : "";
    }
    const lost = "Overwritten before the server could read them, since it opened this log";
    for (const child of children) {
      if (child.textContent === "Lost") (child as HTMLElement).title = lost;
    }
  }
}
