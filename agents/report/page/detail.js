// One TTI of one episode in words: what the BS said, what became of the RBGs, and a row for each UE.

const ROW = 28;

/** A table that holds only the rows in view. */
class List {
  constructor(headings, label) {
    this.body = make("tbody");
    this.head = make("thead");
    this.table = make("table", { "aria-label": label }, this.head, this.body);
    this.box = make("div", { class: "list", tabindex: 0, role: "region", "aria-label": label }, this.table);
    this.box.addEventListener("scroll", () => this.#fill());
    this.headings = headings;
  }

  /** Rows 0 to `count` - 1; `row(i)` makes one. */
  show(headings, count, row) {
    this.count = count;
    this.row = row;
    this.table.setAttribute("aria-rowcount", count + 1);
    this.head.replaceChildren(make("tr", {}, ...headings.map(([text, kind]) => make("th", { scope: "col", class: kind }, text))));
    this.columns = headings.length;
    this.#fill();
  }

  /** Scrolls a row into view. */
  reveal(i) {
    const [top, room] = [i * ROW, this.box.clientHeight - ROW];
    if (top < this.box.scrollTop || top + ROW > this.box.scrollTop + room) this.box.scrollTop = Math.max(0, top - room / 2);
  }

  #fill() {
    const from = Math.max(0, Math.min(this.count, Math.floor(this.box.scrollTop / ROW)) - 4);
    const to = Math.min(this.count, from + Math.ceil(392 / ROW) + 8);
    const rows = [];
    for (let i = from; i < to; i++) {
      const row = this.row(i);
      row.setAttribute("aria-rowindex", i + 2);
      rows.push(row);
    }
    const room = (count) => make("tr", { "aria-hidden": "true", style: `height:${count * ROW}px` });
    if (from > 0) rows.unshift(room(from));
    if (to < this.count) rows.push(room(this.count - to));
    this.body.replaceChildren(...rows);
  }
}

class Detail {
  constructor(panel, onUe) {
    this.said = make("div", { class: "said", tabindex: 0, role: "region", "aria-label": "What the base station said" });
    this.chips = make("ul", { class: "chips", tabindex: 0, "aria-label": "RBGs" });
    this.list = new List([], "UEs in this TTI");
    this.onUe = onUe;
    panel.append(make("div", { class: "detail" }, this.said, this.chips, this.list.box));
  }

  show(episode, { tti, ue }) {
    const bs = episode.bs(tti);
    this.said.replaceChildren(
      make("small", {}, episode.speaks ? "The base station said, with UEs by its labels:" : "The base station sent:"),
      bs ? make("q", {}, bs.sentence) : "nothing: no UE was connected",
      ...(bs && episode.speaks ? [make("small", {}, `probability ${digits(bs.p)}, entropy ${digits(bs.entropy)} nat`)] : []),
    );
    const chips = [];
    for (let rbg = 0; rbg < episode.rbgs; rbg++) chips.push(chip(rbg, episode.found(tti, rbg)));
    this.chips.replaceChildren(...chips);
    const [first, end] = episode.rows(tti);
    const decides = episode.speaks ? [["UE says"]] : [["UE decides"], ["UE sends"]];
    const headings = [["UE"], ["buffer", "number"], ["BS heard"], ["BS sends"], ["UE hears"], ...decides, ["outcome"]];
    if (episode.speaks) headings.push(["probability", "number"], ["entropy, nat", "number"]);
    this.list.show(headings, end - first, (i) => this.#row(episode, first + i, ue));
    const chosen = ue === null ? -1 : episode.row(tti, ue);
    if (chosen >= 0) this.list.reveal(chosen - first);
  }

  #row(episode, row, chosen) {
    const text = (name) => episode.text(name, row);
    const id = episode.ue[row];
    const swatch = make("span", { style: `color:${fillOf(id)[0]}`, "aria-hidden": "true" }, "■ ");
    const message = (name) => (text(name) === "null" ? make("span", { class: "muted" }, "–") : make("code", {}, text(name)));
    const differs = text("dcm_sent") !== text("dcm_received");
    const hears = differs && text("dcm_received") === "null" ? make("span", { class: "lost" }, "nothing") : message("dcm_received");
    const label = episode.speaks ? make("small", { class: "muted" }, ` as ${episode.label[row]}`) : "";
    const decides = episode.speaks
      ? [make("td", {}, make("code", {}, text("sentence")))]
      : [make("td", {}, make("code", {}, text("access"))), make("td", {}, message("ucm_sent"))];
    const made = make(
      "tr",
      { class: id === chosen ? "chosen" : null },
      make("th", { scope: "row" }, swatch, id, label),
      number(episode.buffer[row]),
      make("td", {}, message("ucm_received")),
      make("td", {}, message("dcm_sent")),
      make("td", { title: differs ? "not what was sent in this TTI: lost or late" : null }, hears),
      ...decides,
      make("td", {}, text("outcome")),
      ...(episode.speaks ? [number(digits(episode.probability[row])), number(digits(episode.entropy[row]))] : []),
    );
    made.addEventListener("click", () => this.onUe(id === chosen ? null : id));
    return made;
  }
}

const digits = (value) => value.toFixed(3);
const number = (value) => make("td", { class: "number" }, value);

/** What became of an RBG, in words. */
function spelled({ kind, ue, transmitters }) {
  const others = transmitters.filter((other) => other !== ue);
  const beside = others.length && ue !== undefined ? `, over ${others.join(", ")}` : "";
  switch (kind) {
    case "idle": return "idle";
    case "decoded": return `UE ${ue} decoded${beside}`;
    case "duplicate": return `UE ${ue} decoded again${beside}`;
    case "collision": return `collision of ${transmitters.join(", ")}`;
    default: return transmitters.length ? `UE ${transmitters[0]} not decoded` : "undecodable";
  }
}

function chip(rbg, found) {
  const bad = found.kind === "collision" || found.kind === "undecodable";
  return make("li", { class: bad ? "bad" : null }, `RBG ${rbg}: ${spelled(found)}`);
}
