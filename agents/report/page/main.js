// Shows the sections for which there is something.

async function start() {
  const { summary, episodes, meanings, metrics, figures } = told;
  const facts = [];
  if (summary.scenarios) facts.push(summary.scenarios.join(", "), `${summary.runs} runs in ${summary.cells.length} cells`);
  if (summary.seeds) facts.push(`${summary.seeds.length} ${summary.seeds.length === 1 ? "seed" : "seeds"} from ${summary.seeds[0]}`);
  if (summary.ns3_version) facts.push(`ns-${summary.ns3_version}`);
  if (summary.agents) facts.push(Object.keys(summary.agents).join(", "));
  if (metrics.updates) facts.push(`a training run of ${Math.max(...metrics.updates)} updates`);
  element("subtitle").textContent = `llmac: ${[...facts, told.name].join(" · ")}`;
  if (episodes.length) await startViewer();
  if (Object.keys(meanings).length) startMeaning();
  if (metrics.updates) startTraining();
  if (summary.agents || Object.keys(figures).length || told.claims.length) startResults();
  for (const section of document.querySelectorAll("main > section:not([hidden])")) {
    document.querySelector("nav").append(make("a", { href: `#${section.id}` }, section.querySelector("h2").textContent));
  }
  document.body.dataset.ready = "true";
}

start();
