// The desk does more with a script; every step works without it. Keys are worklist.js's. [data-insert=id] writes its words
// into the field of that id; [data-news] appears when the open tab's number has changed.
(() => {
  "use strict";
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    const field = button && document.getElementById(button.dataset.insert);
    if (!field) return;
    field.setRangeText(button.textContent.trim(), field.selectionStart, field.selectionEnd, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  const current = () => { const tab = document.querySelector("#tabs [data-count]"); return tab && tab.dataset.count; };
  const opened = current();
  document.addEventListener("lianxin:live", () => {
    const news = document.querySelector("[data-news]");
    if (news && current() !== opened) news.hidden = false;
  });
})();
