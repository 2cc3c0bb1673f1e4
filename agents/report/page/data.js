// What llmac told, and the columns of episodes, which are unpacked when they are looked at.
const told = JSON.parse(document.getElementById("told-by-llmac").textContent);
const element = (id) => document.getElementById(id);

/** NumPy's names of the types of columns. */
const ARRAYS = {
  "|u1": Uint8Array, "<u2": Uint16Array, "<i2": Int16Array, "<u4": Uint32Array, "<i4": Int32Array,
  "<f4": Float32Array, "<f8": Float64Array,
};

/** Bytes of a zlib stream in base64. */
async function inflated(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

const KINDS_OF_RBG = ["idle", "decoded", "duplicate", "collision", "undecodable"];

/** One agent at one seed; the columns are those of agents/report/episodes.py, texts as arrays of strings. */
class Episode {
  constructor(agent, seed, columns) {
    this.agent = agent;
    this.seed = seed;
    Object.assign(this, columns);
    this.ttis = this.utility.length;
    this.rbgs = this.ttis ? this.rbg_outcome.length / this.ttis : 0;
    this.ues = [...new Set(this.ue)].sort((a, b) => a - b);
    this.speaks = this.sentence !== undefined;
    this.fullest = this.buffer.reduce((most, n) => Math.max(most, n), 1);
    this.connected = this.speaks ? this.#ranks() : null;
    this.#settle();
  }

  /** For every TTI and RBG at once: its kind, as an index of KINDS_OF_RBG, and who was decoded, or else who transmitted first. */
  #settle() {
    const cells = this.rbg_outcome.length;
    this.kinds = new Uint8Array(cells);
    this.holders = new Int32Array(cells).fill(-1);
    const transmissions = new Uint8Array(cells);
    const again = this.outcome_texts.indexOf("decoded duplicate");
    for (let tti = 0; tti < this.ttis; tti++) {
      for (let [row, end] = this.rows(tti); row < end; row++) {
        if (this.on_rbg[row] < 0) continue;
        const cell = tti * this.rbgs + this.on_rbg[row];
        transmissions[cell]++;
        if (this.holders[cell] < 0) this.holders[cell] = this.ue[row];
        if (this.outcome[row] === again && this.ue[row] === this.rbg_outcome[cell]) this.kinds[cell] = 2;
      }
    }
    for (let cell = 0; cell < cells; cell++) {
      const decoded = this.rbg_outcome[cell];
      if (decoded >= 0) [this.kinds[cell], this.holders[cell]] = [this.kinds[cell] || 1, decoded];
      else if (decoded === -2) this.kinds[cell] = transmissions[cell] > 1 ? 3 : 4;
    }
  }

  /** Rows of a TTI. */
  rows(tti) {
    return [this.first[tti], this.first[tti + 1]];
  }

  /** Row of a UE in a TTI, or -1. */
  row(tti, ue) {
    let [low, high] = this.rows(tti);
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ue[middle] < ue) low = middle + 1;
      else high = middle;
    }
    return low < this.first[tti + 1] && this.ue[low] === ue ? low : -1;
  }

  text(name, row) {
    return this[`${name}_texts`][this[name][row]];
  }

  /** What became of an RBG: its kind, who was decoded, and who transmitted on it. */
  found(tti, rbg) {
    const cell = tti * this.rbgs + rbg;
    const transmitters = [];
    for (let [row, end] = this.rows(tti); row < end; row++) if (this.on_rbg[row] === rbg) transmitters.push(this.ue[row]);
    const decoded = this.rbg_outcome[cell];
    return { kind: KINDS_OF_RBG[this.kinds[cell]], ue: decoded >= 0 ? decoded : undefined, transmitters };
  }

  /** What the BS said in a TTI: its sentence, or its messages as the grammar writes them; null where nobody was connected. */
  bs(tti) {
    if (this.speaks) {
      const i = this.connected[tti];
      return i < 0 ? null : { sentence: this.text("bs_sentence", i), p: this.bs_probability[i], entropy: this.bs_entropy[i] };
    }
    const parts = [];
    for (let [row, end] = this.rows(tti); row < end; row++) {
      const message = this.text("dcm_sent", row);
      if (message === "null") continue;
      parts.push(message.includes("grant") ? `${message} to ${this.ue[row]}` : `${message} ${this.ue[row]}`);
    }
    return { sentence: [...parts, "end"].join("; ") };
  }

  /** The columns of the BS's sentences have a row only for TTIs with UEs. */
  #ranks() {
    const ranks = new Int32Array(this.ttis).fill(-1);
    for (let tti = 0, rank = 0; tti < this.ttis; tti++) if (this.first[tti + 1] > this.first[tti]) ranks[tti] = rank++;
    return ranks;
  }
}

const unpacked = new Map();

/** The episode of an agent at a seed, or null. */
async function episode(agent, seed) {
  const index = told.episodes.findIndex((e) => e.agent === agent && e.seed === seed);
  if (index < 0) return null;
  if (!unpacked.has(index)) unpacked.set(index, unpack(index));
  return unpacked.get(index);
}

async function unpack(index) {
  const { agent, seed, columns } = told.episodes[index];
  const buffer = await inflated(element(`episode-${index}`).textContent);
  const arrays = {};
  let offset = 0;
  for (const [name, dtype, length] of columns) {
    const array = new ARRAYS[dtype](buffer, offset, length);
    arrays[name] = name.endsWith("_texts") ? JSON.parse(new TextDecoder().decode(array)) : array;
    offset += Math.ceil(array.byteLength / 8) * 8;
  }
  return new Episode(agent, seed, arrays);
}

/** Makes an element: attributes, then children (texts or elements). */
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const distinct = (values) => [...new Set(values)];
const sum = (column) => column.reduce((total, value) => total + value, 0);
