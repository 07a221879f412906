/// <reference lib="dom" />
/** What can be done by keys. */

/** What keys mean. */
export interface KeyActions {
  pause(): void;
  search(): void;
  move(by: number): void;
  page(by: number): void;
  home(): void;
  end(): void;
  open(): void;
  leave(): void;
}

/** Listens to keys, but for those that somebody types into something. */
export function onKeys(actions: KeyActions): void {
  const byKey: Record<string, () => void> = {
    " ": actions.pause,
    "/": actions.search,
    ArrowDown: () => actions.move(1),
    j: () => actions.move(1),
    ArrowUp: () => actions.move(-1),
    k: () => actions.move(-1),
    PageDown: () => actions.page(1),
    PageUp: () => actions.page(-1),
    Home: actions.home,
    End: actions.end,
    G: actions.end,
    Enter: actions.open,
    Escape: actions.leave,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = Object.hasOwn(byKey, event.key) ? byKey[event.key] : undefined;
    if (action === undefined || isTaken(event)) return;
    event.preventDefault();
    action();
  });
}

/** Whether what has the focus has a use of its own for a key. */
function isTaken({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (key === "Escape") return target.tagName === "INPUT";
  if (["INPUT", "SELECT"].includes(target.tagName)) return true;
  if (target.id === "detail-text") return /^(Arrow|Page|Home|End)/.test(key);
  return target.tagName === "BUTTON" && (key === " " || key === "Enter");
}
