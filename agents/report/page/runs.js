// Run by run: a metric of every agent at each seed of `llmac run`; seeds lead to their episodes.

/** runs.parquet, whose columns are arrays: a row for each seed, a column for each agent, of the metric that is chosen. */
function startRuns({ agent, seed, ...metrics }) {
  element("runs").hidden = false;
  const [agents, seeds] = [distinct(agent), distinct(seed)];
  const row = new Map(agent.map((name, i) => [`${name} ${seed[i]}`, i]));
  const shown_ = new Set(told.episodes.map((e) => e.seed));
  const select = element("run-metric");
  const names = Object.keys(metrics);
  options(select, names, names[0], names.map((name) => TITLES[name] ?? name));
  const show = () => {
    const values = metrics[select.value];
    const rows = seeds.map((at) => [
      shown_.has(at) ? leadingTo(at) : at,
      ...agents.map((name) => make("td", { class: "number" }, written(values[row.get(`${name} ${at}`)]))),
    ]);
    element("by-run").replaceChildren(table(`${TITLES[select.value] ?? select.value} by seed`, ["seed", ...agents], rows));
  };
  select.addEventListener("change", show);
  show();
}

function leadingTo(seed) {
  const button = make("button", { type: "button", class: "link" }, seed);
  button.addEventListener("click", () => {
    element("seed").value = seed;
    element("seed").dispatchEvent(new Event("change"));
    element("episode").scrollIntoView();
    element("seed").focus({ preventScroll: true });
  });
  return button;
}

/** Agents that could not play in some cells of a sweep, and why. */
function refusals(found) {
  if (!found?.length) return [];
  const rows = found.map(({ agent, cell, why }) => [agent, make("td", {}, cell), make("td", {}, why)]);
  return [make("h3", {}, "Left out"), table("Left out", ["agent", "cell", "why"], rows)];
}

/** The paper's claims beside what was measured, of `llmac reproduce`. */
function claimed(found) {
  if (!found.length) return [];
  const signed = (gain) => `${gain > 0 ? "+" : ""}${written(Number((100 * gain).toFixed(1)))}%`;
  const rows = found.map((c) => [
    c.claim,
    make("td", { class: "number" }, signed(c.claimed)),
    make("td", {}, c.scenario),
    make("td", {}, `${c.agent} over ${c.over}`),
    make("td", { class: "number" }, signed(c.measured), make("small", {}, ` ${signed(c.low)} to ${signed(c.high)}`)),
  ]);
  const title = "Claims of the paper, and what was measured";
  return [make("h3", {}, title), table(title, ["claim", "claimed", "scenario", "gain of", "measured"], rows)];
}
