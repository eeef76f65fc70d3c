// What a page does more with a script; every page works without it.
// data-confirm="…" on a form asks first · data-once on a form takes one submit · data-elder on a link switches the type
// size · data-live="address seconds" (and "now": the first time at once) replaces the element by the fragment at the address · data-keys on a list: j and k
// (or arrows) move between its [data-row]s, and a letter clicks the [data-key=letter] inside the row that has the focus.
// X-Background tells the login that nobody is working there, so that a page which refreshes itself is still idle.
// A page of an officer (body[data-officer]) renews the login while someone works on it; body[data-keep] always does.
(() => {
  "use strict";
  const RENEW_EVERY = 4 * 60 * 1000;

  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter;
    const question = (button && button.dataset.confirm) || form.dataset.confirm;
    if (question && !window.confirm(question)) { event.preventDefault(); return; }
    if (!("once" in form.dataset)) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    // Later, because a disabled button is not part of what is sent.
    setTimeout(() => { if (!event.defaultPrevented) lock(form, true); else delete form.dataset.sent; });
  });
  const lock = (form, locked) => {
    for (const each of form.querySelectorAll("button:not([type=button])")) each.disabled = locked;
  };
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of document.querySelectorAll("form[data-sent]")) { delete form.dataset.sent; lock(form, false); }
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-elder]");
    if (!link) return;
    event.preventDefault();
    const on = document.documentElement.classList.toggle("elder"), other = new URL(link.href);
    link.textContent = on ? "标准字号" : "大字版";
    other.searchParams.set("elder", on ? "0" : "1");
    link.href = other.search;
    document.cookie = `elder=${on ? "1" : "0"}; path=/; max-age=31536000; samesite=lax` + (location.protocol === "https:" ? "; secure" : "");
  });

  document.addEventListener("keydown", (event) => {
    const list = event.target.closest("[data-keys]");
    if (!list || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    const rows = [...list.querySelectorAll("[data-row]")];
    const row = event.target.closest("[data-row]"), at = rows.indexOf(row);
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (step) {
      const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
      if (next) { event.preventDefault(); next.focus(); }
      return;
    }
    if (event.key === "Enter" && event.target !== row) return;
    const wanted = [...(row || list).querySelectorAll("[data-key]")].find((each) => each.dataset.key.split(" ").includes(event.key));
    if (wanted) { event.preventDefault(); wanted.click(); }
  });

  const live = (element) => {
    const [address, seconds, begin] = element.dataset.live.split(" ");
    const every = Math.max(Number(seconds) || 5, 1) * 1000;
    let last = null, wait = every;
    const turn = async () => {
      if (!element.isConnected) return;
      if (!document.hidden) {
        try {
          const answer = await fetch(address, { headers: { Accept: "text/html", "X-Background": "1" } });
          if (answer.redirected && new URL(answer.url).pathname === "/login") { location.reload(); return; }
          if (!answer.ok) throw new Error(answer.status);
          const text = await answer.text();
          wait = every;
          element.removeAttribute("data-stale");
          if (text !== last) { const next = swap(element, text, last === null); last = text; if (next !== element) { element = next; } }
        } catch { wait = Math.min(wait * 2, 60000); element.setAttribute("data-stale", ""); }
      }
      setTimeout(turn, wait);
    };
    setTimeout(turn, begin === "now" ? 0 : every);
  };
  const swap = (element, text) => {
    const parsed = new DOMParser().parseFromString(text, "text/html");
    const next = parsed.body.firstElementChild;
    // Nobody's typing or open menu is taken away.
    if (!next || element.querySelector("textarea:focus, input:focus, select:focus, dialog[open]")) return element;
    const focus = element.contains(document.activeElement) && document.activeElement.id;
    next.dataset.live = element.dataset.live;
    element.replaceWith(document.adoptNode(next));
    if (focus && document.getElementById(focus)) document.getElementById(focus).focus();
    document.dispatchEvent(new CustomEvent("lianxin:live", { detail: next }));
    return next;
  };
  for (const element of document.querySelectorAll("[data-live]")) live(element);

  const body = document.body;
  if ("officer" in body.dataset) {
    let worked = true;
    for (const sign of ["keydown", "pointerdown", "scroll"]) addEventListener(sign, () => { worked = true; }, { passive: true, capture: true });
    setInterval(async () => {
      if (!worked && !("keep" in body.dataset)) return;
      worked = false;
      try {
        const answer = await fetch("/login/renew", { method: "POST", headers: { "X-CSRF-Token": body.dataset.csrf, Accept: "application/json" } });
        if (answer.status === 401) location.reload();
      } catch { worked = true; }
    }, RENEW_EVERY);
  }
})();
