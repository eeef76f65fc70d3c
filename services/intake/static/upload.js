// Sends photos and videos while the letter is being written, and goes on after a cut; without it they go with the form.
// data-upload="photo|video" on a file input, data-most on it says how many; data-upload-consent on a checkbox keeps time
// and place; the form's hidden input `media` gets "id.token id.token …".
(() => {
  "use strict";
  const CHUNK = 1 << 20, SIDE = 2048, DAY = 86400000, STORE = "lianxin.uploads";
  const PAUSES = [1000, 2000, 5000, 10000, 30000];
  const TUS = { "Tus-Resumable": "1.0.0" };
  const kept = {
    all() {
      try { return JSON.parse(localStorage.getItem(STORE) || "[]").filter((each) => Date.now() - each.at < DAY); } catch { return []; }
    },
    // Storage may be forbidden or full: then an upload goes on after a cut, but not after a reload.
    put(entries) { try { localStorage.setItem(STORE, JSON.stringify(entries)); } catch { /* see above */ } },
    add(entry) { this.put([...this.all().filter((each) => each.print !== entry.print), entry]); },
    drop(id) { this.put(this.all().filter((each) => each.id !== id)); },
  };
  const print = (file, kind) => [kind, file.name, file.size, file.lastModified].join("|");
  const ask = (id, token, method) => fetch(`/uploads/${id}`, { method, headers: { ...TUS, "Upload-Token": token, Accept: "application/json" } });
  const b64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const online = (wait) => new Promise((go) => {
    const timer = setTimeout(go, wait);
    addEventListener("online", () => { clearTimeout(timer); go(); }, { once: true });
  });

  class Refused extends Error {}

  // Smaller where that saves something; a photo whose time and place are to be kept goes as it is.
  const smaller = async (file, kind, consent) => {
    if (kind !== "photo" || consent || !window.createImageBitmap) return file;
    try {
      const image = await createImageBitmap(file);
      const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(image.width * scale);
      canvas.height = Math.round(image.height * scale);
      const brush = canvas.getContext("2d");
      brush.fillStyle = "#fff";
      brush.fillRect(0, 0, canvas.width, canvas.height);
      brush.drawImage(image, 0, 0, canvas.width, canvas.height);
      image.close();
      const made = await new Promise((go) => canvas.toBlob(go, "image/jpeg", 0.85));
      return made && made.size < file.size ? made : file;
    } catch { return file; }
  };

  class Upload {
    constructor(desk, kind, file, entry) {
      Object.assign(this, { desk, kind, file, name: file ? file.name : entry.name, entry, state: "waiting" });
      this.row = document.createElement("li");
      this.words = document.createElement("span");
      this.bar = document.createElement("progress");
      this.bar.max = 1;
      this.bar.value = 0;
      this.bar.setAttribute("aria-label", this.name);
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link";
      button.textContent = "移除";
      button.setAttribute("aria-label", `移除${this.name}`);
      button.addEventListener("click", () => this.remove());
      this.row.append(`${this.name} `, this.words, this.bar, button);
      desk.list.append(this.row);
      this.say("等待上传");
    }

    say(words, aloud) {
      this.words.textContent = words;
      if (aloud) this.desk.status.textContent = `${this.name}：${words}`;
    }

    async run() {
      try {
        this.state = "sending";
        this.body = await smaller(this.file, this.kind, this.desk.consent());
        await this.begin();
        while (this.offset < this.body.size) await this.piece();
        await this.checked();
      } catch (error) {
        if (this.state === "removed") return;
        this.state = "refused";
        this.say(error instanceof Refused ? error.message : "上传失败，请移除后重新选择。", true);
        if (this.entry) kept.drop(this.entry.id);
      }
      this.desk.changed();
    }

    // Goes on where the server is, if this file was begun before; else begins.
    async begin() {
      const mark = print(this.file, this.kind);
      const known = kept.all().find((each) => each.print === mark && each.size === this.body.size);
      if (known) {
        const answer = await this.patient(() => ask(known.id, known.token, "GET"));
        const found = answer.ok ? await answer.json() : {};
        if (answer.ok && !found.bound && found.state !== "refused") { this.entry = known; this.offset = found.offset; return; }
        kept.drop(known.id);
      }
      const told = { kind: this.kind, consent: this.desk.consent() ? "1" : "0" };
      const headers = { ...TUS, Accept: "application/json", "Upload-Length": String(this.body.size),
        "Upload-Metadata": Object.entries(told).map(([name, value]) => `${name} ${b64(value)}`).join(",") };
      const answer = await this.patient(() => fetch("/uploads", { method: "POST", headers }));
      const made = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Refused(made.detail || "上传失败，请移除后重新选择。");
      this.entry = { id: made.id, token: made.token, print: mark, size: this.body.size, name: this.name, kind: this.kind, at: Date.now(), page: location.pathname };
      this.offset = 0;
      kept.add(this.entry);
      this.say("正在上传", true);
    }

    async piece() {
      const answer = await this.patient(() => this.patch());
      const said = answer.status === 204 ? {} : JSON.parse(answer.responseText || "{}");
      if (answer.status === 204) this.offset = Number(answer.getResponseHeader("Upload-Offset"));
      else if (answer.status === 409) this.offset = said.data.offset;
      else throw new Refused(said.detail || "上传失败，请移除后重新选择。");
      this.show(this.offset);
    }

    // fetch tells nothing of how far a body has gone.
    patch() {
      return new Promise((go, fail) => {
        const request = this.request = new XMLHttpRequest();
        request.open("PATCH", `/uploads/${this.entry.id}`);
        const headers = { ...TUS, "Upload-Token": this.entry.token, "Upload-Offset": String(this.offset), "Content-Type": "application/offset+octet-stream", Accept: "application/json" };
        for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
        request.timeout = 60000;
        request.upload.addEventListener("progress", (event) => this.show(this.offset + event.loaded));
        request.addEventListener("load", () => go(request));
        for (const bad of ["error", "timeout", "abort"]) request.addEventListener(bad, () => fail(new TypeError(bad)));
        request.send(this.body.slice(this.offset, this.offset + CHUNK));
      });
    }

    // Tries until there is an answer that trying again would not change.
    async patient(call) {
      for (let tries = 0; ; tries += 1) {
        if (this.state === "removed") throw new Refused("");
        try {
          const answer = await call();
          if (answer.status < 500) { if (tries) this.say("正在上传", true); return answer; }
        } catch { /* the network is away */ }
        this.say("网络中断，恢复后自动继续", tries === 0);
        await online(PAUSES[Math.min(tries, PAUSES.length - 1)]);
      }
    }

    show(bytes) {
      this.bar.value = Math.min(1, bytes / this.body.size);
      this.say(`正在上传 ${Math.floor(this.bar.value * 100)}%`);
    }

    // Received is enough for the letter; whether it can be used is told when the server knows.
    async checked() {
      this.state = "received";
      this.bar.hidden = true;
      this.say("已传完，正在处理", true);
      this.desk.changed();
      for (let turn = 0; turn < 40 && this.state === "received"; turn += 1) {
        await new Promise((go) => setTimeout(go, Math.min(1000 + 500 * turn, 10000)));
        const answer = await ask(this.entry.id, this.entry.token, "GET").catch(() => null);
        const found = answer && answer.ok ? await answer.json() : {};
        if (found.state === "refused") throw new Refused(found.said);
        if (found.state === "ready") { this.say("已收下", true); return; }
      }
    }

    remove() {
      this.state = "removed";
      if (this.request) this.request.abort();
      if (this.entry) { kept.drop(this.entry.id); ask(this.entry.id, this.entry.token, "DELETE").catch(() => null); }
      this.row.remove();
      this.desk.status.textContent = `已移除${this.name}`;
      this.desk.changed();
    }
  }

  class Desk {
    constructor(form) {
      this.form = form;
      this.uploads = [];
      this.hidden = form.querySelector("input[name=media]");
      this.before = this.hidden.value.split(" ").filter(Boolean);
      this.list = document.createElement("ul");
      this.list.className = "quiet-list";
      this.status = document.createElement("p");
      this.status.setAttribute("role", "status");
      this.status.className = "hint";
      const inputs = [...form.querySelectorAll("input[type=file][data-upload]")];
      inputs[inputs.length - 1].closest(".field").after(this.list, this.status);
      for (const input of inputs) input.addEventListener("change", () => this.take(input));
      form.addEventListener("submit", (event) => this.submit(event));
      this.restore();
    }

    consent() {
      const box = this.form.querySelector("[data-upload-consent]");
      return Boolean(box && box.checked);
    }

    // The chosen files leave the input, or they would be sent a second time with the form.
    take(input) {
      const kind = input.dataset.upload, most = Number(input.dataset.most) || 9;
      for (const file of [...input.files]) {
        const same = this.uploads.find((each) => each.entry && each.state === "cut" && each.entry.print === print(file, kind));
        if (same) { Object.assign(same, { file, state: "waiting" }); continue; }
        if (this.uploads.filter((each) => each.kind === kind && each.state !== "removed").length >= most) {
          this.status.textContent = kind === "photo" ? `最多${most}张照片。` : `最多${most}个视频。`;
          break;
        }
        this.uploads.push(new Upload(this, kind, file));
      }
      input.value = "";
      this.next();
    }

    // One after the other: on a slow line two at once would both be late.
    async next() {
      if (this.uploads.some((each) => each.state === "sending")) return;
      const upload = this.uploads.find((each) => each.state === "waiting");
      if (upload) upload.run();
    }

    changed() {
      const done = this.uploads.filter((each) => each.state === "received");
      const sent = done.map((each) => `${each.entry.id}.${each.entry.token}`);
      this.hidden.value = [...this.before, ...sent].join(" ");
      this.next();
      if (this.asked && !this.busy()) { const button = this.asked; this.asked = null; this.form.requestSubmit(button); }
    }

    busy() { return this.uploads.some((each) => each.state === "waiting" || each.state === "sending"); }

    // What is on its way is waited for, and then the form goes by itself.
    submit(event) {
      if (!this.busy()) return;
      event.preventDefault();
      this.asked = event.submitter;
      this.status.textContent = "文件还在上传，传完后自动提交。";
    }

    // After a reload: what had arrived is there again, what was cut off waits for its file.
    async restore() {
      for (const entry of kept.all().filter((each) => each.page === location.pathname)) {
        const answer = await ask(entry.id, entry.token, "GET").catch(() => null);
        if (!answer) continue;
        const found = answer.ok ? await answer.json() : { bound: true };
        if (found.bound || found.state === "refused") { kept.drop(entry.id); continue; }
        const upload = new Upload(this, entry.kind, null, entry);
        this.uploads.push(upload);
        this.before = this.before.filter((each) => !each.startsWith(entry.id));
        upload.bar.value = found.offset / found.size;
        if (found.state === "uploading") { upload.state = "cut"; upload.say("没有传完，请重新选择同一个文件继续", true); }
        else { upload.state = "received"; upload.bar.hidden = true; upload.say("已传完"); }
      }
      const told = this.form.querySelector("[data-upload-before]");
      if (told) told.hidden = !this.before.length;
      this.changed();
    }
  }

  for (const form of document.querySelectorAll("form")) {
    if (form.querySelector("input[type=file][data-upload]") && form.querySelector("input[name=media]")) new Desk(form);
  }
})();
