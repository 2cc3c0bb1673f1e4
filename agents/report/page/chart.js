// Line charts in SVG: each line has its own dashes and a name at its end, so that colours are not needed.

const STROKES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"];
const DASHES = ["", "6 3", "2 3", "8 3 2 3", "1 4"];
const svg = (tag, attributes, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

/** Multiples of 1, 2 or 5 times a power of ten that hold all values between, and 0 where that is near. */
function niceTicks(low, high) {
  const from = low > 0 && low < 0.5 * high ? 0 : low;
  const span = high - from || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 5, 10].map((n) => n * power).find((s) => s >= span / 4);
  const [first, last] = [Math.floor(from / step + 1e-9), Math.ceil(high / step - 1e-9)];
  return Array.from({ length: Math.max(last - first, 1) + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A figure; `lines` are {name, x, y} with null where there is no value. */
function chart(title, lines, xTitle) {
  const [width, height, left, right, top, bottom] = [520, 250, 48, 120, 12, 34];
  const points = lines.flatMap(({ x, y }) => x.map((at, i) => [at, y[i]])).filter(([, value]) => value !== null);
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const ticks = niceTicks(Math.min(...ys), Math.max(...ys));
  const [y0, y1] = [ticks[0], ticks.at(-1)];
  const sx = (x) => left + ((x - x0) / (x1 - x0 || 1)) * (width - left - right);
  const sy = (y) => height - bottom - ((y - y0) / (y1 - y0)) * (height - top - bottom);
  const drawn = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": described(title, lines, xTitle) });
  for (const y of ticks) {
    drawn.append(svg("line", { class: "axis", x1: left, x2: width - right, y1: sy(y), y2: sy(y) }));
    drawn.append(svg("text", { x: left - 6, y: sy(y) + 4, "text-anchor": "end" }, written(y)));
  }
  for (const x of distinct([x0, Math.round((x0 + x1) / 2), x1])) {
    drawn.append(svg("text", { x: sx(x), y: height - bottom + 16, "text-anchor": "middle" }, written(x)));
  }
  drawn.append(svg("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, xTitle));
  const ends = [];
  lines.forEach(({ name, x, y }, i) => {
    const path = x.flatMap((at, k) => (y[k] === null ? [] : [`${sx(at)},${sy(y[k])}`]));
    if (!path.length) return;
    const style = { fill: "none", stroke: STROKES[i % 5], "stroke-width": 2, "stroke-dasharray": DASHES[i % 5] };
    drawn.append(svg("polyline", { points: path.join(" "), ...style }));
    if (path.length < 30) for (const at of path) drawn.append(svg("circle", { cx: at.split(",")[0], cy: at.split(",")[1], r: 2.5, fill: STROKES[i % 5] }));
    ends.push([Number(path.at(-1).split(",")[1]), name]);
  });
  ends.sort(([a], [b]) => a - b);
  let free = top;
  for (const [y, name] of ends) {
    const at = Math.max(y, free);
    free = at + 13;
    drawn.append(svg("text", { x: width - right + 8, y: at + 4 }, name));
  }
  return make("figure", {}, make("figcaption", {}, title), drawn);
}

/** The chart for those who do not see it. */
function described(title, lines, xTitle) {
  const told_ = lines.map(({ name, y }) => {
    const values = y.filter((value) => value !== null);
    return `${name} from ${written(values[0])} to ${written(values.at(-1))}`;
  });
  return `${title} by ${xTitle}: ${told_.join("; ")}`;
}
