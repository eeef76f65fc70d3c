// The reception by keyboard from anywhere on the page; keys within a row are the chassis's (data-keys). j or k begins at
// the first row · b accepts what is ticked · r follows [data-refresh] · ? opens [data-help]. After a step the row that
// took its place has the focus.
(() => {
  "use strict";
  const PLACE = "lianxin-reception-place";
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const begin = (place) => { const row = rows()[place]; if (row) row.focus(); return row; };
  const press = (selector) => { const found = document.querySelector(selector); if (found) found.click(); return found; };
  const KEYS = {
    j: (event) => !event.target.closest("[data-row]") && begin(0),
    k: (event) => !event.target.closest("[data-row]") && begin(0),
    b: () => press("#several"),
    r: () => press("[data-refresh]"),
    "?": () => { const help = document.querySelector("[data-help]"); if (help) help.open = !help.open; return help; },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !(event.key in KEYS)) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    if (KEYS[event.key](event)) event.preventDefault();
  });
  document.addEventListener("submit", (event) => {
    const row = event.submitter && event.submitter.closest("[data-row]");
    if (row && !event.defaultPrevented) sessionStorage.setItem(PLACE, String(rows().indexOf(row)));
  });
  const place = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  if (place !== null && rows().length) begin(Math.min(Number(place), rows().length - 1));
})();
