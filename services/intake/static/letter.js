// The letter form with a script: a draft that survives a closed browser (never with name or telephone, for a day),
// the emergency numbers as soon as a dangerous word is typed, and the fields of who writes hidden from the anonymous.
(() => {
  "use strict";
  const sent = document.querySelector("[data-draft-sent]");
  if (sent) try { localStorage.removeItem("lianxin-" + sent.dataset.draftSent); } catch { /* forbidden: there was none */ }
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const DAY = 86400000, PLACE = "lianxin-" + form.dataset.draft, KEPT = ["kind", "description", "place", "community", "identity"];

  const save = () => {
    const words = Object.fromEntries(KEPT.map((name) => [name, new FormData(form).get(name) || ""]));
    try { localStorage.setItem(PLACE, JSON.stringify({ at: Date.now(), words })); } catch { /* full or forbidden: no draft */ }
  };
  const restore = () => {
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(PLACE)); } catch { return; }
    if (!kept || Date.now() - kept.at > DAY || form.elements.description.value) return;
    // What a QR code stands for goes before the draft.
    for (const [name, value] of Object.entries(kept.words)) {
      if (value && !(form.dataset.start && ["place", "community"].includes(name))) form.elements[name].value = value;
    }
  };

  const warning = form.querySelector("[data-emergency]"), who = form.querySelector("[data-who]");
  const DANGER = /着火|起火|失火|火灾|冒烟|煤气|燃气|天然气|泄漏|爆炸|自杀|轻生|跳楼|救命|昏倒|晕倒|持刀|砍人|触电|溺水/;
  const look = () => {
    warning.hidden = !DANGER.test(form.elements.description.value);
    who.hidden = form.elements.identity.value === "anonymous";
  };
  const begun = () => {
    const started = form.elements.started;
    if (!started || started.value) return;
    started.value = "1";
    fetch(form.dataset.start, { method: "POST", keepalive: true }).catch(() => { started.value = ""; });
  };
  form.addEventListener("input", () => { begun(); look(); save(); });
  form.addEventListener("submit", () => { if (who.hidden) for (const each of who.querySelectorAll("input")) each.value = ""; });
  restore();
  look();
})();
