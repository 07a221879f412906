/// <reference lib="dom" />
/** A list of any length of which only what can be seen is in the document. */

import type { EntryStore, Item } from "./entry_store.ts";

/** The height of a row in pixels, the same as in the style sheet. */
const ROW_HEIGHT = 22;

/** An element that shows one row after another. */
export interface RowView {
  readonly element: HTMLElement;
  show(item: Item, isSelected: boolean): void;
}

/** What the list reports when it is used. */
export interface ListEvents {
  /** Somebody scrolled away from the end, or back to it. */
  onScrolled(isAtEnd: boolean): void;
  onChosen(item: Item): void;
}

/** The list. */
export class VirtualList {
  readonly #box: HTMLElement;
  readonly #sizer: HTMLElement;
  readonly #store: EntryStore;
  readonly #makeRow: () => RowView;
  readonly #rows: { view: RowView; place: number }[] = [];
  #height = 0;
  #sized = -1;
  #isFollowing = true;
  /** Where following the end has scrolled to, in pixels. */
  #followed = 0;
  /** Where it was when it was scrolled last, in pixels. */
  #scrolled = 0;
  /** Whether the end is to come into view with the next drawing. */
  #isReturning = false;
  /** Whether that is because somebody went there: what was scrolled before does not count. */
  #isGoing = false;
  #isScheduled = false;
  #selected = -1;
  #revision = 0;
  #drawn = -1;

  constructor(
    box: HTMLElement,
    sizer: HTMLElement,
    store: EntryStore,
    makeRow: () => RowView,
    events: ListEvents,
  ) {
    this.#box = box;
    this.#sizer = sizer;
    this.#store = store;
    this.#makeRow = makeRow;
    // Its observer is called after the first drawing, which would have no room for a row.
    this.#height = box.clientHeight;
    new ResizeObserver(() => {
      const wasAtEnd = box.scrollTop >= this.#sized * ROW_HEIGHT - this.#height;
      this.#height = box.clientHeight;
      // A box that has shrunk does not show its end; nobody has scrolled.
      if (this.#isFollowing) this.#isReturning = true;
      else if (wasAtEnd) box.scrollTop = box.scrollHeight;
      this.#reveal();
      this.invalidate();
    }).observe(box);
    box.addEventListener("scroll", () => {
      // As high as it is now: a box that grows is scrolled before its observer is called.
      const end = this.#sized * ROW_HEIGHT - box.clientHeight;
      const { scrollTop } = box;
      const isDown = scrollTop > this.#scrolled;
      this.#scrolled = scrollTop;
      // Upwards each pixel counts: slow scrolling would be undone with each frame.
      const isAtEnd = scrollTop >= end - (isDown ? 1.5 * ROW_HEIGHT : 1);
      // Where we went ourselves may be no end any more: the box has shrunk since.
      const isOurs = this.#isFollowing && scrollTop >= this.#followed;
      // An event of scrolling before we went to the end comes only now, and does not count.
      if (isAtEnd !== this.#isFollowing && !isOurs && !this.#isGoing) {
        // Away from the end also in the frame in which the box gets another size.
        this.#isReturning = false;
        events.onScrolled(isAtEnd);
      }
      this.#schedule();
    }, { passive: true });
    sizer.addEventListener("click", (event) => {
      const top = sizer.getBoundingClientRect().top;
      const place = store.first + Math.floor((event.clientY - top) / ROW_HEIGHT);
      const item = store.at(place);
      if (item !== undefined && item.number > 0) events.onChosen(item);
    });
  }

  /** Whether the end is kept in view. */
  set isFollowing(value: boolean) {
    this.#isFollowing = value;
    // Who stops at an end that is not drawn yet shall see it, too.
    if (value) this.#isReturning = this.#isGoing = true;
    this.#schedule();
  }

  /** The row that is marked, by its place; -1 for none. */
  get selected(): number {
    return this.#selected;
  }

  /** How many rows can be seen. */
  get pageSize(): number {
    return Math.max(Math.floor(this.#height / ROW_HEIGHT) - 1, 1);
  }

  /** Marks a row, and brings it into view. */
  select(place: number): void {
    this.#selected = place;
    this.#isReturning = this.#isGoing = false;
    this.#reveal();
    this.invalidate();
  }

  /** Brings a row into the middle, once the list is as high as its rows. */
  center(place: number): void {
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const top = (place - this.#store.first) * ROW_HEIGHT;
        this.#box.scrollTop = top - (this.#height - ROW_HEIGHT) / 2;
      })
    );
  }

  /** Draws all rows again: what they look like has changed. */
  invalidate(): void {
    this.#revision++;
    this.#schedule();
  }

  /** Draws what is new. */
  update(): void {
    this.#schedule();
  }

  /** Brings the marked row into view. */
  #reveal(): void {
    if (this.#selected < this.#store.first) return;
    const top = (this.#selected - this.#store.first) * ROW_HEIGHT;
    const { scrollTop } = this.#box;
    if (top < scrollTop) this.#box.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + this.#height) {
      this.#box.scrollTop = top + ROW_HEIGHT - this.#height;
    }
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#isScheduled = false;
    const isAtEnd = this.#isFollowing || this.#isReturning;
    this.#isReturning = this.#isGoing = false;
    const store = this.#store;
    if (this.#sized !== store.length) {
      this.#sized = store.length;
      this.#sizer.style.height = `${store.length * ROW_HEIGHT}px`;
    }
    const end = Math.max(store.length * ROW_HEIGHT - this.#height, 0);
    const top = isAtEnd ? end : Math.min(this.#box.scrollTop, end);
    if (isAtEnd) {
      this.#box.scrollTop = end;
      this.#followed = this.#box.scrollTop;
    }
    const from = store.first + Math.floor(top / ROW_HEIGHT);
    const count = Math.ceil(this.#height / ROW_HEIGHT) + 2;
    this.#reserve(count);
    const isAll = this.#drawn !== this.#revision;
    this.#drawn = this.#revision;
    const slots = this.#rows.length;
    for (let i = 0; i < slots; i++) {
      // A row stays in its slot for as long as it is in view.
      const row = this.#rows[(from + i) % slots];
      const item = i < count ? store.at(from + i) : undefined;
      const { element } = row.view;
      if (item === undefined) {
        if (row.place !== -1) element.hidden = true;
        row.place = -1;
        continue;
      }
      element.style.transform = `translateY(${(item.place - store.first) * ROW_HEIGHT}px)`;
      if (row.place === item.place && !isAll) continue;
      row.place = item.place;
      element.hidden = false;
      element.id = `row-${item.place}`;
      row.view.show(item, item.place === this.#selected);
    }
    const active = this.#selected >= store.first ? `row-${this.#selected}` : "";
    if (this.#box.getAttribute("aria-activedescendant") !== active) {
      this.#box.setAttribute("aria-activedescendant", active);
    }
  }

  #reserve(count: number): void {
    if (this.#rows.length >= count) return;
    while (this.#rows.length < count) {
      const view = this.#makeRow();
      this.#rows.push({ view, place: -1 });
      this.#sizer.append(view.element);
    }
    // Slots have changed places.
    for (const row of this.#rows) row.place = -2;
  }
}
