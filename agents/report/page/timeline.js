// The grids of one episode, TTIs from left to right: what became of each RBG, and the buffers and messages of each UE.
// Only the window of TTIs and the lanes in view are drawn.

const GUTTER = 58;
const AXIS = 18;
const FONT = getComputedStyle(document.body).fontFamily;

/** A canvas's context for drawing in CSS pixels, cleared. */
function fresh(canvas, height) {
  const width = canvas.clientWidth;
  const scale = devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const draw = canvas.getContext("2d");
  draw.scale(scale, scale);
  draw.font = `11px ${FONT}`;
  draw.textBaseline = "middle";
  return [draw, width];
}

/** Distance of the ticks of an axis: 1, 2 or 5 times a power of ten. */
function tickStep(span, room) {
  const least = Math.max(1, (span * 46) / room);
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least);
}

const short = (message) => message.replace("ack grant ", "a+g").replace("grant ", "g").replace("bsr ", "b").replace("ack", "a");

/** What an RBG, or a UE's transmission, came to; colours never stand alone: each kind has its own form, and room for text. */
function drawOutcome(draw, kind, ue, x, y, w, h) {
  const gap = w > 5 ? 1 : 0;
  const [fill, ink] = fillOf(Math.max(ue, 0));
  const [left, top, width, height] = [x + gap, y + gap, Math.max(w - 2 * gap, 0.75), h - 2 * gap];
  draw.fillStyle = colours["grid-idle"];
  draw.fillRect(left, top, width, height);
  if (kind === "decoded") {
    draw.fillStyle = fill;
    draw.fillRect(left, top, width, height);
  } else if (kind === "duplicate") {
    draw.fillStyle = fill;
    draw.fillRect(left, top + height / 2, width, height / 2);
  } else if (kind === "collision") {
    draw.fillStyle = colours.collision;
    draw.fillRect(left, top, width, height);
    draw.strokeStyle = draw.fillStyle = "#000";
    if (w < 6) draw.fillRect(left, top + height / 2 - 1, width, 2);
    else {
      const arm = Math.min(width, height) * 0.28;
      const [cx, cy] = [left + width / 2, top + height / 2];
      draw.lineWidth = 2;
      draw.beginPath();
      for (const s of [-1, 1]) draw.moveTo(cx - arm, cy - s * arm), draw.lineTo(cx + arm, cy + s * arm);
      draw.stroke();
    }
  } else if (kind === "undecodable") {
    draw.strokeStyle = draw.fillStyle = colours.ink;
    if (w < 6) draw.fillRect(left, top + height - 2, width, 2);
    else {
      draw.lineWidth = 1.5;
      draw.strokeRect(left + 1, top + 1, width - 2, height - 2);
      draw.beginPath();
      draw.moveTo(left + 2, top + height - 2);
      draw.lineTo(left + width - 2, top + 2);
      draw.stroke();
    }
  }
  if ((kind === "decoded" || kind === "duplicate") && w >= 4 + 6.5 * String(ue).length && h >= 12) {
    draw.fillStyle = kind === "decoded" ? ink : colours.ink;
    draw.textAlign = "center";
    draw.font = `${kind === "decoded" ? 600 : 400} 11px ${FONT}`;
    draw.fillText(ue, x + w / 2, kind === "decoded" ? y + h / 2 + 0.5 : y + h / 4 + 2);
  }
}

class Timeline {
  /** Two canvases in `panel`; `onPoint(tti, ue)` is called when somebody points at a TTI, of a UE or of none. */
  constructor(panel, onPoint) {
    this.rbgs = make("canvas", { class: "rbgs", tabindex: 0, role: "img" });
    this.lanes = make("div", { class: "lanes" });
    this.ues = make("canvas", { role: "img" });
    this.spacer = make("div");
    this.lanes.append(this.ues, this.spacer);
    panel.append(this.rbgs, this.lanes);
    this.lanes.addEventListener("scroll", () => this.drawUes());
    for (const canvas of [this.rbgs, this.ues]) {
      const point = (event) => {
        if (event.buttons !== 1 || !this.episode) return;
        const tti = this.#ttiAt(event.offsetX);
        const lane = Math.floor((event.offsetY + this.lanes.scrollTop) / this.laneHeight);
        onPoint(tti, canvas === this.ues && event.type === "pointerdown" ? this.ueLanes[lane] : undefined);
      };
      canvas.addEventListener("pointerdown", (event) => {
        canvas.setPointerCapture(event.pointerId);
        point(event);
      });
      canvas.addEventListener("pointermove", point);
    }
  }

  show(episode, view) {
    this.episode = episode;
    this.view = view;
    this.ueLanes = this.#connected(episode, view);
    this.place = new Map(this.ueLanes.map((ue, i) => [ue, i]));
    const lanes = this.ueLanes.length;
    this.rowHeight = Math.max(9, Math.min(32, 260 / episode.rbgs));
    this.laneHeight = Math.max(12, Math.min(44, 420 / Math.max(lanes, 1)));
    this.room = Math.min(430, this.laneHeight * lanes);
    this.spacer.style.height = `${this.laneHeight * lanes - this.room}px`;
    const place = this.place.get(view.ue);
    if (place !== undefined && view.ue !== this.shownUe) {
      const top = place * this.laneHeight;
      if (top < this.lanes.scrollTop || top + this.laneHeight > this.lanes.scrollTop + this.room) this.lanes.scrollTop = top;
    }
    this.shownUe = view.ue;
    this.drawRbgs();
    this.drawUes();
  }

  /** UEs that are connected somewhere in the window, which is drawn again and again: a lane for each. */
  #connected(episode, { from, to }) {
    const key = `${episode.agent} ${episode.seed} ${from} ${to}`;
    if (key !== this.key) this.lately = distinct(episode.ue.subarray(episode.first[from], episode.first[to])).sort((a, b) => a - b);
    this.key = key;
    return this.lately;
  }

  drawRbgs() {
    const { episode, view } = this;
    const [draw, width] = fresh(this.rbgs, AXIS + episode.rbgs * this.rowHeight);
    const w = (width - GUTTER) / (view.to - view.from);
    this.#axis(draw, width, w);
    draw.textAlign = "left";
    for (let rbg = 0; rbg < episode.rbgs; rbg++) {
      draw.fillStyle = colours.muted;
      if (this.rowHeight >= 11 || rbg % 4 === 0) draw.fillText(`RBG ${rbg}`, 0, AXIS + (rbg + 0.5) * this.rowHeight);
    }
    // Where a pixel holds several TTIs, what went wrong stays visible.
    const later = [];
    for (let tti = view.from; tti < view.to; tti++) {
      for (let rbg = 0; rbg < episode.rbgs; rbg++) {
        const cell = [tti, rbg, GUTTER + (tti - view.from) * w, AXIS + rbg * this.rowHeight];
        if (w < 1.5 && episode.kinds[tti * episode.rbgs + rbg] > 2) later.push(cell);
        else this.#rbg(draw, ...cell, w);
      }
    }
    for (const cell of later) this.#rbg(draw, ...cell, w);
    this.#cursor(draw, w, AXIS, episode.rbgs * this.rowHeight);
    this.rbgs.setAttribute("aria-label", `${episode.agent}: RBGs in TTIs ${view.from} to ${view.to - 1}`);
  }

  /** With a UE chosen, what others did is faint. */
  #rbg(draw, tti, rbg, x, y, w) {
    const { episode, view } = this;
    const [kind, holder] = [episode.kinds, episode.holders].map((of) => of[tti * episode.rbgs + rbg]);
    const row = view.ue === null || kind === 0 ? -1 : episode.row(tti, view.ue);
    draw.globalAlpha = view.ue === null || kind === 0 || (row >= 0 && episode.on_rbg[row] === rbg) ? 1 : 0.22;
    drawOutcome(draw, KINDS_OF_RBG[kind], holder, x, y, w, this.rowHeight);
    draw.globalAlpha = 1;
  }

  drawUes() {
    const { episode, view, laneHeight: h } = this;
    if (!episode) return;
    const [draw, width] = fresh(this.ues, this.room);
    const w = (width - GUTTER) / (view.to - view.from);
    const top = this.lanes.scrollTop;
    const lanes = [Math.floor(top / h), Math.min(this.ueLanes.length, Math.ceil((top + this.room) / h))];
    for (let lane = lanes[0]; lane < lanes[1]; lane++) {
      const [ue, y] = [this.ueLanes[lane], lane * h - top];
      draw.fillStyle = fillOf(ue)[0];
      draw.fillRect(0, y + 2, 4, h - 4);
      draw.fillStyle = ue === view.ue ? colours.ink : colours.muted;
      draw.textAlign = "left";
      draw.fillText(`UE ${ue}`, 9, y + h / 2);
    }
    const stride = Math.max(1, Math.floor(1 / w));
    for (let tti = view.from; tti < view.to; tti += stride) {
      const x = GUTTER + (tti - view.from) * w;
      for (let [row, end] = episode.rows(tti); row < end; row++) {
        const lane = this.place.get(episode.ue[row]);
        if (lane >= lanes[0] && lane < lanes[1]) this.#cell(draw, row, x, lane * h - top, w * stride, h);
      }
    }
    this.#cursor(draw, w, 0, this.room);
    const place = this.place.get(view.ue);
    if (place !== undefined) {
      draw.strokeStyle = colours.accent;
      draw.lineWidth = 1.5;
      draw.strokeRect(GUTTER, place * h - top, width - GUTTER - 1, h);
    }
    const [first, last] = [this.ueLanes[lanes[0]], this.ueLanes[lanes[1] - 1]];
    this.ues.setAttribute("aria-label", `${episode.agent}: buffers and messages of UEs ${first} to ${last}`);
  }

  /** Buffer as a shade and a number, DCM heard at the top, UCM sent below, transmission as a bar at the bottom. */
  #cell(draw, row, x, y, w, h) {
    const { episode } = this;
    const gap = w > 5 ? 1 : 0;
    const [width, height] = [Math.max(w - gap, 0.75), h - (h > 8 ? 1 : 0)];
    const full = episode.buffer[row] / episode.fullest;
    draw.fillStyle = colours["grid-idle"];
    draw.fillRect(x, y, width, height);
    draw.globalAlpha = 0.85 * full;
    draw.fillStyle = colours.buffer;
    draw.fillRect(x, y, width, height);
    draw.globalAlpha = 1;
    if (w < 7) return;
    const outcome = { decoded: "decoded", "decoded duplicate": "duplicate", "not decoded": "undecodable", collided: "collision" };
    const kind = outcome[episode.text("outcome", row)];
    const bar = h >= 30 ? 9 : 4;
    if (kind) drawBar(draw, kind, episode.ue[row], x, y + height - bar, width, bar);
    const ink = full > 0.6 ? colours.paper : colours.ink;
    const [dcm, ucm] = [episode.text("dcm_received", row), episode.text("ucm_sent", row)];
    draw.fillStyle = ink;
    draw.textAlign = "center";
    const words = h >= 40 && w >= 26;
    if (h >= 14 && w >= 13) {
      draw.fillText(episode.buffer[row], x + width / 2, y + (height - (h >= 30 ? bar : 0)) / 2 + 0.5);
    }
    if (words) {
      draw.font = `9px ${FONT}`;
      if (dcm !== "null") draw.fillText(`▾${short(dcm)}`, x + width / 2, y + 7);
      if (ucm !== "null") draw.fillText(`▴${short(ucm)}`, x + width / 2, y + height - bar - 6);
      draw.font = `11px ${FONT}`;
    } else {
      const size = Math.min(6, w / 3, h / 4);
      const tall = h >= 30;
      if (dcm !== "null") triangle(draw, tall ? x + (width - size) / 2 : x + width - size - 0.5, y + (tall ? 3 : 1.5), size, 1);
      if (ucm !== "null") triangle(draw, tall ? x + (width - size) / 2 : x + 0.5, tall ? y + height - bar - 3 : y + 1.5 + size, size, -1);
    }
  }

  #axis(draw, width, w) {
    const { from, to } = this.view;
    const step = tickStep(to - from, width - GUTTER);
    draw.fillStyle = colours.muted;
    draw.textAlign = "center";
    for (let tti = Math.ceil(from / step) * step; tti < to; tti += step) {
      const x = GUTTER + (tti - from + 0.5) * w;
      draw.fillText(tti, Math.min(x, width - 10), 7);
      draw.fillRect(x, AXIS - 4, 1, 3);
    }
  }

  #cursor(draw, w, top, height) {
    const { from, to, tti } = this.view;
    if (tti < from || tti >= to) return;
    draw.strokeStyle = colours.accent;
    draw.lineWidth = 2;
    draw.strokeRect(GUTTER + (tti - from) * w, top + 1, Math.max(w, 2), height - 2);
  }

  #ttiAt(x) {
    const { from, to } = this.view;
    const tti = from + Math.floor(((x - GUTTER) * (to - from)) / (this.rbgs.clientWidth - GUTTER));
    return Math.max(from, Math.min(to - 1, tti));
  }
}

/** A transmission in a lane: full when it was decoded, half a duplicate, crossed a collision, hollow when it was not decoded. */
function drawBar(draw, kind, ue, x, y, w, h) {
  draw.fillStyle = kind === "collision" ? colours.collision : fillOf(ue)[0];
  draw.strokeStyle = colours.ink;
  draw.lineWidth = 1;
  if (kind === "decoded" || kind === "collision") draw.fillRect(x, y, w, h);
  if (kind === "duplicate") draw.fillRect(x, y + h / 2, w, h / 2);
  if (kind === "undecodable") {
    draw.fillStyle = colours.paper;
    draw.fillRect(x, y, w, h);
  }
  if (h > 5) draw.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1);
  if (kind === "collision" && h > 5) {
    draw.beginPath();
    draw.strokeStyle = "#000";
    for (const s of [-1, 1]) draw.moveTo(x + w / 2 - 3, y + h / 2 - s * 3), draw.lineTo(x + w / 2 + 3, y + h / 2 + s * 3);
    draw.stroke();
  }
}

function triangle(draw, x, y, size, direction) {
  draw.beginPath();
  draw.moveTo(x, y);
  draw.lineTo(x + size, y);
  draw.lineTo(x + size / 2, y + direction * size);
  draw.fill();
}
