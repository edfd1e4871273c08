"use strict";
// Before the terminal's own script, which reads the address of the socket when the page is loaded. It is made from the
// page's own address, since the port may be forwarded from another one.
const terminal = document.getElementById("terminal");
terminal.dataset.sessionWebsocketUrl = location.origin.replace(/^http/, "ws") + "/socket";
const size = Number(new URLSearchParams(location.search).get("fontsize"));
if (size >= 6 && size <= 60) terminal.dataset.fontSize = String(size);
document.getElementById("again").addEventListener("click", () => location.reload());
// Keys that the browser would take: they are the program's here.
window.addEventListener("keydown", (event) => {
  if (/^F([1-9]|10)$/.test(event.key) || (event.ctrlKey && "pfsgu".includes(event.key.toLowerCase()))) event.preventDefault();
}, true);
// It is measured by its letters, once they are there.
window.addEventListener("load", () => {
  document.fonts.load('16px "Roboto Mono"').then(() => window.dispatchEvent(new Event("resize")));
});
// The terminal has the focus from the first moment, and after each click beside it.
new MutationObserver(() => document.querySelector(".xterm-helper-textarea")?.focus())
  .observe(document.body, { attributes: true, attributeFilter: ["class"] });
