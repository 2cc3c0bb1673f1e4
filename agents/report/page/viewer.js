// The episodes side by side: what is shown, and everything that changes it.

const view = { seed: null, agents: [], tti: 0, from: 0, to: 1, ue: null };
let shown = [];
let panels = [];
let playing = null;

function options(select, values, chosen, texts = values) {
  select.replaceChildren(...values.map((value, i) => make("option", { value, selected: value === chosen }, texts[i])));
}

/** Begins with the first seed, and the two agents that differ most in name: those that were asked for first and last. */
async function startViewer() {
  const seeds = distinct(told.episodes.map((e) => e.seed));
  const agents = distinct(told.episodes.map((e) => e.agent));
  element("episode").hidden = false;
  options(element("seed"), seeds, seeds[0]);
  options(element("left"), agents, agents.at(-1));
  const right = agents.length > 1 ? agents.find((a) => a === "grant" && a !== agents.at(-1)) ?? agents[0] : "";
  options(element("right"), ["", ...agents], right, ["none", ...agents]);
  for (const id of ["seed", "left", "right"]) element(id).addEventListener("change", choose);
  wireControls();
  drawLegend();
  onTheme.push(redraw, drawLegend);
  new ResizeObserver(redraw).observe(element("panels"));
  await choose();
}

/** Takes the seed and the agents from the controls. */
async function choose() {
  view.seed = Number(element("seed").value);
  view.agents = [element("left").value, element("right").value].filter((agent) => agent);
  shown = await Promise.all(view.agents.map((agent) => episode(agent, view.seed)));
  const ttis = shown[0].ttis;
  if (view.to === 1) [view.to, view.tti] = [Math.min(ttis, 30), Math.min(ttis - 1, 12)];
  for (const id of ["tti", "scrub"]) element(id).max = ttis - 1;
  const ues = distinct(shown.flatMap((e) => e.ues)).sort((a, b) => a - b);
  if (!ues.includes(view.ue)) view.ue = null;
  options(element("ue"), ["", ...ues], view.ue ?? "", ["all", ...ues]);
  panels = shown.map((episode) => {
    const panel = make("article", { class: "panel", "aria-label": episode.agent });
    panel.append(make("h3", {}, episode.agent, make("small", {}, heading(episode))));
    return { timeline: new Timeline(panel, point), detail: new Detail(panel, chooseUe) };
  });
  element("panels").replaceChildren(...panels.map((_, i) => panelOf(i)));
  showRates(shown);
  goTo(view.tti);
}

const panelOf = (i) => panels[i].timeline.rbgs.parentElement;
const heading = (e) => `goodput ${written(METRICS.goodput_dpdu_per_tti(e))} dPDU/TTI, utility ${written(METRICS.utility(e))}`;

function point(tti, ue) {
  if (ue !== undefined) view.ue = ue;
  goTo(tti);
}

function chooseUe(ue) {
  view.ue = ue;
  goTo(view.tti);
}

/** Goes to a TTI; the window follows. */
function goTo(tti) {
  const ttis = shown[0].ttis;
  view.tti = Math.max(0, Math.min(ttis - 1, Math.round(tti) || 0));
  const span = view.to - view.from;
  if (view.tti < view.from || view.tti >= view.to) setWindow(view.tti - span / 2, view.tti + span / 2);
  element("tti").value = element("scrub").value = view.tti;
  element("ue").value = view.ue ?? "";
  element("scrub").setAttribute("aria-valuetext", `TTI ${view.tti}`);
  element("told").textContent = `TTI ${view.tti}. ${shown.map(summed).join(" ")}`;
  redraw();
}

function summed(episode) {
  const rbgs = Array.from({ length: episode.rbgs }, (_, rbg) => `RBG ${rbg} ${spelled(episode.found(view.tti, rbg))}`);
  return `${episode.agent}: ${rbgs.slice(0, 8).join("; ")}.`;
}

/** Shows TTIs `from` to `to`, at least five and at most all, moved into the episode. */
function setWindow(from, to) {
  const ttis = shown[0].ttis;
  const span = Math.max(Math.min(5, ttis), Math.min(ttis, Math.round(to - from)));
  view.from = Math.max(0, Math.min(ttis - span, Math.round(from)));
  view.to = view.from + span;
}

/** Makes the window `factor` times as long, around the TTI that is looked at. */
function zoom(factor) {
  const span = Math.max(5, (view.to - view.from) * factor);
  const share_ = (view.tti - view.from + 0.5) / (view.to - view.from);
  setWindow(view.tti + 0.5 - share_ * span, view.tti + 0.5 + (1 - share_) * span);
  redraw();
}

let asked = false;
function redraw() {
  if (asked || !shown.length) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    overview.show(shown, view);
    panels.forEach(({ timeline, detail }, i) => {
      timeline.show(shown[i], view);
      detail.show(shown[i], view);
    });
  });
}

const overview = new Overview(element("overview"), (from, to) => {
  setWindow(from, to);
  view.tti = Math.max(view.from, Math.min(view.to - 1, view.tti));
  goTo(view.tti);
});

function play(on) {
  clearInterval(playing);
  playing = on ? setInterval(() => (view.tti + 1 < shown[0].ttis ? goTo(view.tti + 1) : play(false)), 150) : null;
  element("play").setAttribute("aria-pressed", String(on));
  element("play").textContent = on ? "Pause" : "Play";
}

function stepUe(step) {
  const ues = distinct(shown.flatMap((e) => e.ues)).sort((a, b) => a - b);
  const next = view.ue === null ? (step > 0 ? 0 : ues.length - 1) : ues.indexOf(view.ue) + step;
  chooseUe(ues[next] ?? null);
}

/** What has a use of its own for keys. */
const OWN_KEYS = "select, button, input, .list, .scroll, .said, .chips";

/** Keys, wherever no control has a use for them. */
const KEYS = {
  ArrowLeft: () => goTo(view.tti - 1),
  ArrowRight: () => goTo(view.tti + 1),
  PageUp: () => goTo(view.tti - 10),
  PageDown: () => goTo(view.tti + 10),
  Home: () => goTo(0),
  End: () => goTo(Infinity),
  ArrowUp: () => stepUe(-1),
  ArrowDown: () => stepUe(1),
  "+": () => zoom(1 / 1.5),
  "=": () => zoom(1 / 1.5),
  "-": () => zoom(1.5),
  " ": () => play(!playing),
};

function wireControls() {
  const click = (id, act) => element(id).addEventListener("click", act);
  click("first", KEYS.Home);
  click("back", KEYS.ArrowLeft);
  click("forth", KEYS.ArrowRight);
  click("last", KEYS.End);
  click("play", KEYS[" "]);
  click("in", KEYS["+"]);
  click("out", KEYS["-"]);
  click("all", () => zoom(Infinity));
  element("tti").addEventListener("change", (event) => goTo(Number(event.target.value)));
  element("scrub").addEventListener("input", (event) => goTo(Number(event.target.value)));
  element("ue").addEventListener("change", (event) => chooseUe(event.target.value === "" ? null : Number(event.target.value)));
  element("episode").addEventListener("keydown", (event) => {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || event.target.matches(OWN_KEYS)) return;
    event.preventDefault();
    if (event.target.id === "overview" && event.key.startsWith("Arrow")) moveWindow(event.key);
    else act();
  });
  element("panels").addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    if (event.ctrlKey) zoom(event.deltaY > 0 ? 1.25 : 0.8);
    else goTo(view.tti + Math.sign(event.deltaY || event.deltaX));
  }, { passive: false });
}

function moveWindow(key) {
  const step = Math.max(1, (view.to - view.from) / 4) * (key === "ArrowLeft" || key === "ArrowDown" ? -1 : 1);
  setWindow(view.from + step, view.to + step);
  goTo(Math.max(view.from, Math.min(view.to - 1, view.tti)));
}

function drawLegend() {
  const kinds = [["decoded", "decoded, from this UE"], ["duplicate", "decoded again"], ["collision", "collision"],
    ["undecodable", "one alone, not decoded"], ["idle", "idle"]];
  const items = kinds.map(([kind, text]) => {
    const canvas = make("canvas", { "aria-hidden": "true", width: 52, height: 36 });
    const draw = canvas.getContext("2d");
    draw.scale(2, 2);
    draw.textBaseline = "middle";
    drawOutcome(draw, kind, 0, 0, 0, 26, 18);
    return make("li", {}, canvas, text);
  });
  const lanes = "lanes: shade and number are the buffer in dPDUs, ▾ what the UE hears, ▴ what it sends, the bar is its transmission";
  element("legend").replaceChildren(...items, make("li", { class: "muted" }, lanes));
}

/** Table: metrics of the episodes on show, beside their means over all seeds in summary.json. */
function showRates(episodes) {
  const agents = told.summary.agents ?? {};
  const head = make("tr", {}, make("th", { scope: "col" }, "metric"));
  for (const e of episodes) {
    head.append(make("th", { scope: "col", class: "number" }, `${e.agent}, seed ${e.seed}`));
    head.append(make("th", { scope: "col", class: "number" }, "all seeds"));
  }
  const rows = Object.keys(METRICS).map((name) => {
    const row = make("tr", {}, make("th", { scope: "row" }, TITLES[name]));
    for (const e of episodes) {
      const value = METRICS[name](e);
      row.append(make("td", { class: "number", "data-metric": name, "data-agent": e.agent, "data-value": value }, written(value)));
      row.append(number(written(agents[e.agent]?.[name]?.mean)));
    }
    return row;
  });
  element("rates").replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
}
