/// <reference lib="dom" />
/** Buttons that copy something. */

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
