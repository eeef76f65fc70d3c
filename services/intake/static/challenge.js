// The proof of work that an address with many letters is asked for: find n so that SHA-256 of "seed:n" begins with
// enough zeros (services/intake/domain/challenge.py). In short turns, so that the page stays usable.
(() => {
  "use strict";
  const box = document.querySelector("[data-challenge]");
  if (!box) return;
  const said = box.querySelector("[data-challenge-said]"), form = box.closest("form"), button = form.querySelector("button");
  const part = (root) => ((root - Math.floor(root)) * 4294967296) | 0;
  const K = [], START = [];
  for (let p = 2; K.length < 64; p++) {
    let prime = true;
    for (let d = 2; d * d <= p; d++) if (p % d === 0) prime = false;
    if (!prime) continue;
    if (START.length < 8) START.push(part(Math.sqrt(p)));
    K.push(part(Math.cbrt(p)));
  }
  const w = new Int32Array(64), turn = (x, n) => (x >>> n) | (x << (32 - n));
  // The first 32 bits of the hash of a text of at most 55 ASCII characters.
  const first = (text) => {
    w.fill(0);
    for (let i = 0; i < text.length; i++) w[i >> 2] |= text.charCodeAt(i) << (24 - (i % 4) * 8);
    w[text.length >> 2] |= 0x80 << (24 - (text.length % 4) * 8);
    w[15] = text.length * 8;
    for (let i = 16; i < 64; i++) {
      const a = w[i - 15], b = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = START;
    for (let i = 0; i < 64; i++) {
      const x = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const y = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + x) | 0; d = c; c = b; b = a; a = (x + y) | 0;
    }
    return (START[0] + a) >>> 0;
  };
  const seed = box.dataset.challenge, below = 2 ** (32 - Number(box.dataset.bits));
  let n = 0;
  const work = () => {
    const until = performance.now() + 40;
    while (performance.now() < until) {
      for (let i = 0; i < 200; i++, n++) {
        if (first(seed + ":" + n) >= below) continue;
        form.elements.answer.value = String(n);
        button.disabled = false;
        said.textContent = "核对已完成，请再按一次提交。";
        return;
      }
    }
    setTimeout(work);
  };
  button.disabled = true;
  said.textContent = "正在核对，请稍等几秒……";
  work();
})();
