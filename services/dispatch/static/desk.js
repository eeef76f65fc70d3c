// The desk does more with a script; every step works without it. Keys within a row are the chassis's (data-keys).
// [data-insert=id] writes its words into the field of that id · j or k from anywhere begins at the first row · / goes to
// [data-search] · ? opens [data-help] · b sends what is ticked · r follows [data-refresh]. [data-news] appears when
// the open tab's number has changed; after a step the row that took its place has the focus.
(() => {
  "use strict";
  const PLACE = "lianxin-desk-place";
  const rows = () => [...document.querySelectorAll("[data-row]")];

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    const field = button && document.getElementById(button.dataset.insert);
    if (!field) return;
    field.setRangeText(button.textContent.trim(), field.selectionStart, field.selectionEnd, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  const press = (selector) => { const found = document.querySelector(selector); if (found) found.click(); return found; };
  const open = (selector) => {
    const found = document.querySelector(selector);
    if (found) { found.open = !found.open; found.querySelector("summary").focus(); }
    return found;
  };
  const KEYS = {
    j: (event) => !event.target.closest("[data-row]") && begin(0),
    k: (event) => !event.target.closest("[data-row]") && begin(0),
    "/": () => { const found = document.querySelector("[data-search]"); if (found) found.focus(); return found; },
    "?": () => open("[data-help]"),
    b: () => press("#bulk-send"),
    r: () => press("[data-refresh]"),
  };
  const begin = (place) => { const row = rows()[place]; if (row) row.focus(); return row; };
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

  const current = () => { const tab = document.querySelector("#tabs [data-count]"); return tab && tab.dataset.count; };
  const opened = current();
  document.addEventListener("lianxin:live", () => {
    const news = document.querySelector("[data-news]");
    if (news && current() !== opened) news.hidden = false;
  });
})();
