// The whole of the episodes, a strip for each, with the window that the grids show.

class Overview {
  /** `onWindow(from, to)` is called when somebody moves the window. */
  constructor(canvas, onWindow) {
    this.canvas = canvas;
    let grip = null;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      const { from, to } = this.view;
      const at = this.#ttiAt(event.offsetX);
      const edge = (6 * this.ttis) / canvas.clientWidth;
      if (Math.abs(at - from) < edge) grip = "from";
      else if (Math.abs(at - to) < edge) grip = "to";
      else grip = at > from && at < to ? at - from : (to - from) / 2;
      move(event);
    });
    const move = (event) => {
      if (event.buttons !== 1 || grip === null) return;
      const at = this.#ttiAt(event.offsetX);
      const { from, to } = this.view;
      if (grip === "from") onWindow(Math.min(at, to - 5), to);
      else if (grip === "to") onWindow(from, Math.max(at, from + 5));
      else onWindow(at - grip, at - grip + to - from);
    };
    canvas.addEventListener("pointermove", move);
    canvas.addEventListener("pointerup", () => (grip = null));
  }

  show(episodes, view) {
    this.view = view;
    this.ttis = episodes[0].ttis;
    const strip = 24;
    const [draw, width] = fresh(this.canvas, episodes.length * (strip + 4));
    episodes.forEach((episode, i) => this.#strip(draw, width, episode, i * (strip + 4), strip));
    const [left, right] = [view.from, view.to].map((tti) => (tti * width) / this.ttis);
    const height = this.canvas.clientHeight;
    draw.fillStyle = colours.paper;
    draw.globalAlpha = 0.62;
    draw.fillRect(0, 0, left, height);
    draw.fillRect(right, 0, width - right, height);
    draw.globalAlpha = 1;
    draw.strokeStyle = colours.accent;
    draw.lineWidth = 2;
    draw.strokeRect(left + 1, 1, Math.max(right - left - 2, 3), height - 2);
    draw.fillStyle = colours.ink;
    draw.fillRect((view.tti * width) / this.ttis, 0, Math.max(1.5, Math.min(3, width / this.ttis)), height);
    this.canvas.setAttribute("aria-valuemax", this.ttis - 1);
    this.canvas.setAttribute("aria-valuenow", view.from);
    this.canvas.setAttribute("aria-valuetext", `TTIs ${view.from} to ${view.to - 1}`);
  }

  /** Shares of the RBGs: decoded from below, duplicates upon them, collisions from above. */
  #strip(draw, width, episode, y, height) {
    draw.fillStyle = colours["grid-idle"];
    draw.fillRect(0, y, width, height);
    const columns = Math.min(Math.round(width), episode.ttis);
    const w = width / columns;
    for (let column = 0; column < columns; column++) {
      const [from, to] = [column, column + 1].map((c) => Math.floor((c * episode.ttis) / columns));
      const of = (counter) => (sum(episode[counter].subarray(from, to)) / ((to - from) * episode.rbgs)) * height;
      const [decoded, duplicate, collision] = ["delivered", "duplicate", "collision"].map(of);
      const x = column * w;
      draw.fillStyle = colours.buffer;
      draw.fillRect(x, y + height - decoded, w, decoded);
      draw.fillStyle = colours.muted;
      draw.fillRect(x, y + height - decoded - duplicate, w, duplicate);
      draw.fillStyle = colours.collision;
      draw.fillRect(x, y, w, collision);
    }
  }

  #ttiAt(x) {
    return Math.round((x * this.ttis) / this.canvas.clientWidth);
  }
}
