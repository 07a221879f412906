/// <reference lib="dom" />
/** Small helps with the document. */

/** The element of that id, which is in the page. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`no element "${id}"`);
  return element;
}

/** Sets the text of an element, unless it has it: that costs the browser nothing. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Makes an element with a class and a text. */
export function make(tag: string, className: string, text: string = ""): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}
