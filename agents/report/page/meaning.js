// What messages mean: mutual information of all agents, and the conditional probabilities of one.

const NAMES = {
  ucm_sent: "the UCM that a UE sends", ucm_received: "the UCM that the BS hears", dcm_sent: "the DCM that the BS sends",
  dcm_received: "the DCM that a UE hears", buffer: "the UE's buffer, in dPDUs", access: "what the UE does",
  ucm_heard: "the last UCM heard from this UE", found: "what was decoded of this UE in the TTI before",
};
const KINDS = { state: "state", action: "sender's action", response: "response" };
const keyOf = (m) => `${m.sender} ${m.message} ${m.other}`;
/** The same in two or three words, for tables of all pairs. */
const BRIEF = {
  ucm_sent: "UCM sent", ucm_received: "UCM heard", dcm_sent: "DCM sent", dcm_received: "DCM heard", buffer: "UE's buffer",
  access: "UE's access", ucm_heard: "last UCM heard", found: "decoded before",
};
const pairName = (m) => `${NAMES[m.message]} and ${NAMES[m.other]}`;
const isNoise = (m) => m.p > 0.01;

function startMeaning() {
  element("meaning").hidden = false;
  showBits();
  const agents = Object.keys(told.meanings);
  options(element("speaker"), agents, agents.at(-1));
  const show = () => element("tables").replaceChildren(...told.meanings[element("speaker").value].map(pairOf));
  element("speaker").addEventListener("change", show);
  show();
}

/** Table: a row for each pair of variables, a column for each agent. */
function showBits() {
  const agents = Object.keys(told.meanings);
  const scale = Math.max(...agents.flatMap((agent) => told.meanings[agent].map((m) => m.bits - m.chance_bits)), 0.1);
  const head = make("tr", {}, ...["message", "and", "which is its"].map((t) => make("th", { scope: "col" }, t)));
  for (const agent of agents) head.append(make("th", { scope: "col" }, agent));
  const rows = told.meanings[agents[0]].map((pair, i) => {
    const row = make("tr", { title: pairName(pair) }, make("th", { scope: "row" }, BRIEF[pair.message]), make("td", {}, BRIEF[pair.other]));
    row.append(make("td", {}, KINDS[pair.other_is]));
    for (const agent of agents) row.append(bitsCell(told.meanings[agent][i], scale));
    return row;
  });
  element("bits").replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
}

function bitsCell(m, scale) {
  if (isNoise(m)) {
    const silent = m.messages.length < 2;
    return make("td", {}, make("span", { class: silent ? "muted" : "noise" }, silent ? "one message only" : "noise"));
  }
  const bits = m.bits - m.chance_bits;
  const meter = make("span", { class: "meter", "aria-hidden": "true" }, make("i", { style: `width:${(100 * bits) / scale}%` }));
  return make("td", { title: `${written(m.bits)} bits measured, ${written(m.chance_bits)} by chance` }, meter, written(Number(bits.toFixed(3))));
}

/** One pair of variables: a sentence, and P(message | state) or P(what is done | message). */
function pairOf(m) {
  const box = make("article", { class: "pair" }, make("h4", {}, `${m.sender === "bs" ? "BS" : "UE"}: ${pairName(m)}`));
  box.append(make("p", {}, sentenceOf(m)));
  if (m.messages.length) box.append(make("div", { class: "heat" }, heat(m)));
  return box;
}

function sentenceOf(m) {
  if (m.messages.length < 2) return `Only one message is used (${m.messages.join() || "none"}), which tells nothing.`;
  if (isNoise(m)) return `Noise: ${written(m.bits)} bits were measured, and chance alone gives ${written(m.chance_bits)}.`;
  const bits = written(Number((m.bits - m.chance_bits).toFixed(3)));
  return `${bits} bits more than chance (${written(Number(m.chance_bits.toFixed(3)))}), of ${written(Number(m.message_bits.toFixed(3)))} bits in the messages.`;
}

/** Rows are what is given: states when a message is said, messages when something is done. */
function heat(m) {
  const byState = m.other_is === "state";
  const [given, then] = byState ? [m.others, m.messages] : [m.messages, m.others];
  const at = (g, t) => (byState ? m.counts[t * m.others.length + g] : m.counts[g * m.others.length + t]);
  const caption = byState ? `P(message | ${NAMES[m.other]})` : `P(${NAMES[m.other]} | message)`;
  const head = make("tr", {}, make("th", { scope: "col" }, byState ? "state" : "message"), make("th", { scope: "col", class: "number" }, "times"));
  for (const name of then) head.append(make("th", { scope: "col", class: "number" }, name));
  const rows = given.map((name, g) => {
    const counts = then.map((_, t) => at(g, t));
    const total = sum(counts);
    const row = make("tr", {}, make("th", { scope: "row" }, name), make("td", { class: "number muted" }, total.toLocaleString("en")));
    for (const count of counts) row.append(shaded(count / total));
    return row;
  });
  return make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...rows));
}

function shaded(probability) {
  if (!probability) return make("td", { class: "muted" }, "·");
  const strength = Math.round(100 * (0.08 + 0.8 * probability));
  const ink = probability > 0.65 ? "var(--paper)" : "var(--ink)";
  return make("td", { style: `background:color-mix(in srgb, var(--buffer) ${strength}%, var(--paper));color:${ink}` }, percent(probability));
}
