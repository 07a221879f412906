/// <reference lib="dom" />
/** Small helps with the document. */

/** The element of that id, which is in the page. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`no element "${id}"`);
  return element;
}

/** Sets the text of an element, unless it has just that: then it costs the browser nothing. */
export function setText(element: HTMLElement, text: string): void {
  if (element.childElementCount > 0 || element.textContent !== text) element.textContent = text;
}

/** Makes an element with a class and a text. */
export function make(tag: string, className: string, text: string = ""): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** How long a button says whether it has copied, in milliseconds. */
const SAID_FOR = 1200;

/** Lets a button copy what `text` gives when it is pressed. */
export function copyButton(button: HTMLElement, text: () => string): void {
  const label = button.textContent;
  button.addEventListener("click", () => {
    // Only addresses of this machine, or encrypted ones, have a clipboard.
    const copying = navigator.clipboard?.writeText(text()) ?? Promise.reject();
    copying.then(() => "Copied", () => "Not allowed").then((word) => {
      button.textContent = word;
      setTimeout(() => button.textContent = label, SAID_FOR);
    });
  });
}

/** How long the page is out of sight until it counts as left, in milliseconds. */
const OUT_OF_SIGHT = 2000;

/** Calls `onLeave` when the page is out of sight for a while, and `onReturn` when it is seen again. */
export function whenLeft(onLeave: () => void, onReturn: () => void): void {
  let leaving: ReturnType<typeof setTimeout> | undefined;
  let isLeft = false;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(leaving);
    if (document.hidden) {
      leaving = setTimeout(() => {
        isLeft = true;
        onLeave();
      }, OUT_OF_SIGHT);
    } else if (isLeft) {
      isLeft = false;
      onReturn();
    }
  });
}
