// A training run's curves and the course of its messages' meaning; the summary and the figures of the folder.

/** Lines that belong together, by the beginnings of their names in metrics.parquet. */
const CURVES = [
  ["Goodput, as a share of the bound", ["validation/goodput_over_bound", "train/goodput_over_bound"]],
  ["Utility per TTI", ["validation/utility", "train/utility"]],
  ["Jain index", ["validation/jain_index", "train/jain_index"]],
  ["Mean delay, TTI", ["validation/mean_delay_tti", "train/mean_delay_tti"]],
  ["Entropy of sentences, nat", ["bs/entropy", "ue/entropy"]],
  ["KL divergence of an update, nat", ["bs/approx_kl", "ue/approx_kl"]],
];

function startTraining() {
  element("training").hidden = false;
  const x = told.metrics.updates;
  const charts = CURVES.map(([title, names]) => [title, names.filter((name) => told.metrics[name])]).filter(([, names]) => names.length);
  element("curves").replaceChildren(
    ...charts.map(([title, names]) => chart(title, names.map((name) => ({ name: name.split("/")[0], x, y: told.metrics[name] })), "updates")),
  );
  if (told.protocol.length) startProtocol();
}

function startProtocol() {
  element("protocol").hidden = false;
  const pairs = distinct(told.protocol.map(keyOf));
  const course = (key) => {
    const rows = told.protocol.filter((m) => keyOf(m) === key);
    return { of: rows[0], x: rows.map((m) => m.updates), y: rows.map((m) => m.bits - m.chance_bits) };
  };
  const groups = [["What UEs say", (m) => m.sender === "ue"], ["What the BS says", (m) => m.sender === "bs"]];
  element("learned").replaceChildren(
    ...groups.map(([title, belongs]) => {
      const lines = pairs.map(course).filter(({ of }) => belongs(of));
      return chart(title, lines.map(({ of, x, y }) => ({ name: shortName(of), x, y })), "updates");
    }),
  );
  const updates = distinct(told.protocol.map((m) => m.updates));
  const slider = element("validation");
  slider.max = updates.length - 1;
  slider.value = slider.max;
  const show = () => {
    const at = updates[slider.value];
    element("updates").textContent = at;
    slider.setAttribute("aria-valuetext", `${at} updates`);
    element("then").replaceChildren(...told.protocol.filter((m) => m.updates === at).map(pairOf));
  };
  slider.addEventListener("input", show);
  show();
}

const shortName = (m) =>
  ({ buffer: "buffer", dcm_received: "DCM heard", access: m.sender === "ue" ? "own access" : "UE's access", dcm_sent: "BS's answer",
    ucm_heard: "last UCM heard", found: "decoded before" })[m.other];

function startResults() {
  element("results").hidden = false;
  const agents = told.summary.agents;
  if (agents) element("summary").replaceChildren(summaryTable(agents));
  element("figures").replaceChildren(
    ...Object.entries(told.figures).map(([name, source]) => {
      const title = name.replaceAll("-", " ").replaceAll("_", " ");
      return make("figure", {}, make("figcaption", {}, title), make("img", { src: source, alt: title, loading: "lazy" }));
    }),
  );
}

/** Means and 95% intervals of summary.json: a row for each metric, a column for each agent. */
function summaryTable(agents) {
  const names = Object.keys(agents);
  const metrics = distinct(names.flatMap((name) => Object.keys(agents[name])));
  const head = make("tr", {}, ...["metric", ...names].map((t, i) => make("th", { scope: "col", class: i ? "number" : null }, t)));
  const rows = metrics.map((metric) => {
    const row = make("tr", {}, make("th", { scope: "row" }, TITLES[metric] ?? metric));
    for (const name of names) {
      const { mean, ci95 } = agents[name][metric] ?? {};
      const half = ci95 && ci95[1] !== null && mean !== null ? make("small", {}, ` ± ${written(Number((ci95[1] - mean).toPrecision(2)))}`) : "";
      row.append(make("td", { class: "number", "data-agent": name, "data-metric": metric, "data-mean": mean }, written(mean), half));
    }
    return row;
  });
  return make("table", {}, make("caption", { class: "visually-hidden" }, "Mean and half of the 95% interval over seeds"), make("thead", {}, head), make("tbody", {}, ...rows));
}
