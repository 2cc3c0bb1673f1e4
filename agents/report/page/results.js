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
  const { summary } = told;
  if (summary.agents) element("summary").replaceChildren(summaryTable(summary.agents, summary.interquartile_mean));
  element("more").replaceChildren(...comparisons(summary.against), ...failures(summary.failures), ...refusals(summary.refused), ...claimed(told.claims));
  if (told.runs.agent) startRuns(told.runs);
  if (summary.cells) startCells(summary.cells);
  element("figures").replaceChildren(
    ...Object.entries(told.figures).map(([name, source]) => {
      const title = name.replaceAll("-", " ").replaceAll("_", " ");
      return make("figure", {}, make("figcaption", {}, title), make("img", { src: source, alt: title, loading: "lazy" }));
    }),
  );
}

/** A table with a title; the first column holds what the rows are about. */
function table(title, headings, rows) {
  const head = make("tr", {}, ...headings.map((text, i) => make("th", { scope: "col", class: i ? "number" : null }, text)));
  const body = rows.map(([first, ...cells]) => make("tr", {}, make("th", { scope: "row" }, first), ...cells));
  const made = make("table", { "aria-label": title }, make("thead", {}, head), make("tbody", {}, ...body));
  return make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, made);
}

/** A mean with half of its 95% interval. */
function interval(value, attributes = {}) {
  const { mean, ci95 } = value ?? {};
  const half = ci95 && ci95[1] !== null && mean !== null ? ci95[1] - mean : null;
  const width = half === null ? "" : make("small", {}, ` ± ${written(Number(half.toPrecision(2)))}`);
  return make("td", { class: "number", ...attributes }, written(mean), width);
}

/** A paired difference; a star where its interval leaves out 0. */
function difference(value) {
  const cell = interval(value);
  const [low, high] = value?.ci95 ?? [null, null];
  if (low > 0 || (high !== null && high < 0)) cell.append(make("b", { title: "the 95% interval leaves out 0" }, " *"));
  return cell;
}

/** summary.json: a row for each metric, a column for each agent. */
function summaryTable(agents, middle) {
  const names = Object.keys(agents);
  const rows = distinct(names.flatMap((name) => Object.keys(agents[name]))).map((metric) => [
    TITLES[metric] ?? metric,
    ...names.map((name) => {
      const value = agents[name][metric];
      return interval(value, { "data-agent": name, "data-metric": metric, "data-mean": value?.mean });
    }),
  ]);
  if (middle) rows.unshift(["goodput over bound, interquartile mean", ...names.map((name) => interval(middle[name]))]);
  return table("Mean and half of its 95% interval over seeds", ["metric", ...names], rows);
}

const COMPARED = ["goodput_over_bound", "goodput_dpdu_per_tti", "jain_index", "mean_delay_tti", "loss_rate"];

/** Differences at the same seeds, of `llmac run --against` or of each agent that `llmac validate` examined. */
function comparisons(against) {
  if (!against) return [];
  if (against.differences) return compared(`Less ${against.agent}, at the same seeds`, against.differences);
  return Object.entries(against).flatMap(([agent, others]) => {
    const differences = Object.fromEntries(Object.entries(others).map(([other, found]) => [other, found.differences]));
    const better = (other) => interval(others[other].probability_of_improvement);
    return compared(`${agent} less the others, at the same seeds and cells`, differences, better);
  });
}

function compared(title, differences, better) {
  const metrics = COMPARED.filter((metric) => Object.values(differences).some((found) => found[metric]));
  const rows = Object.entries(differences).map(([name, found]) => [
    name,
    ...(better ? [better(name)] : []),
    ...metrics.map((metric) => difference(found[metric])),
  ]);
  const headings = ["agent", ...(better ? ["P(higher goodput)"] : []), ...metrics.map((metric) => TITLES[metric])];
  return [make("h3", {}, title), table(title, headings, rows)];
}

const placeOf = (cell) => [cell.scenario, cell.setting, `${cell.ues} UEs`, cell.load === null ? "" : `load ${cell.load}`, cell.channel]
  .filter((part) => part).join(", ");

/** Cells in which an examined agent is surely behind. */
function failures(found) {
  if (!found) return [];
  const title = found.length ? "Where it fails: below the best rival of the cell" : "No cell in which a rival is surely better";
  const rows = found.map((failure) => [placeOf(failure), make("td", {}, failure.agent), make("td", {}, failure.rival), difference(failure.goodput_over_bound)]);
  return [make("h3", {}, title), ...(found.length ? [table(title, ["cell", "agent", "best rival", TITLES.goodput_over_bound], rows)] : [])];
}

/** Every cell of a validation: a row for each, a column for each agent, of the metric that is chosen. */
function startCells(cells) {
  element("cells").hidden = false;
  const agents = distinct(cells.flatMap((cell) => Object.keys(cell.agents)));
  const metrics = Object.keys(Object.values(cells[0].agents)[0]);
  const select = element("metric");
  options(select, metrics, metrics.at(-1), metrics.map((metric) => TITLES[metric] ?? metric));
  const show = () => {
    const rows = cells.map((cell) => [placeOf(cell), ...agents.map((agent) => interval(cell.agents[agent]?.[select.value]))]);
    element("by-cell").replaceChildren(table(`${TITLES[select.value]} by cell`, ["cell", ...agents], rows));
  };
  select.addEventListener("change", show);
  show();
}
