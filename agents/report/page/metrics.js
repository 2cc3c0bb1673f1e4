// The metrics of docs/metrics.md, which an episode's counters give, and how numbers are written.

const share = (part, whole) => (whole ? part / whole : 0);

/** Metrics of one episode, by the names of summary.json. */
const METRICS = {
  goodput_dpdu_per_tti: (e) => sum(e.delivered) / e.ttis,
  collision_rate: (e) => sum(e.collision) / (e.ttis * e.rbgs),
  duplicate_rate: (e) => share(sum(e.duplicate), sum(e.duplicate) + sum(e.delivered)),
  loss_rate: (e) => share(sum(e.lost), sum(e.arrived)),
  drop_rate: (e) => share(sum(e.dropped), sum(e.arrived)),
  signalling_bits_per_tti: (e) => (sum(e.ucm_bits) + sum(e.dcm_bits)) / e.ttis,
  invalid_action_rate: (e) => share(sum(e.invalid), sum(e.decision)),
  utility: (e) => sum(e.utility) / e.ttis,
};

const TITLES = {
  goodput_dpdu_per_tti: "goodput, dPDU/TTI",
  goodput_mbps: "goodput, Mb/s",
  jain_index: "Jain index",
  mean_delay_tti: "mean delay, TTI",
  p95_delay_tti: "95% delay, TTI",
  collision_rate: "collisions per RBG and TTI",
  duplicate_rate: "duplicates per decode",
  loss_rate: "lost per arrival",
  drop_rate: "dropped per arrival",
  signalling_bits_per_tti: "signalling, bit/TTI",
  invalid_action_rate: "invalid actions",
  utility: "utility per TTI",
  normalised_utility: "utility over genie",
  bound_dpdu_per_tti: "bound, dPDU/TTI",
  goodput_over_bound: "goodput over bound",
};

/** Four significant digits, as short as they can be. */
function written(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1).replace("-", "−");
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

const percent = (share_) => (share_ > 0 && share_ < 0.005 ? "<1%" : `${Math.round(100 * share_)}%`);
