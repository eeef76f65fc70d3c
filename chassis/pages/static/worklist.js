// A list that is worked through by keyboard from anywhere on its page; keys within a row are data-keys (lianxin.js).
// j or k begins at the first [data-row] · / goes to [data-search] · ? opens [data-help] · b presses [data-bulk] · r follows
// [data-refresh]. After a step the row that took its place has the focus.
(() => {
  "use strict";
  const PLACE = "lianxin-place " + location.pathname;
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const begin = (place) => { const row = rows()[place]; if (row) row.focus(); return row; };
  const first = (event) => !event.target.closest("[data-row]") && begin(0);
  const press = (selector) => { const found = document.querySelector(selector); if (found) found.click(); return found; };
  const open = (selector) => {
    const found = document.querySelector(selector);
    if (found) { found.open = !found.open; found.querySelector("summary").focus(); }
    return found;
  };
  const KEYS = {
    j: first,
    k: first,
    "/": () => { const found = document.querySelector("[data-search]"); if (found) found.focus(); return found; },
    "?": () => open("[data-help]"),
    b: () => press("[data-bulk]"),
    r: () => press("[data-refresh]"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !(event.key in KEYS)) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog")) return;
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
