"use strict";
// One page about one text: what the model expected at each token, and where each head looks. Text only ever enters
// the page through textContent, so nothing in it can act.

const LABELS = {
  en: {
    inspect: "inspect", text: "Text", bySurprise: "surprise", byAttention: "attention", theme: "light or dark",
    textLabel: "the text, token by token; arrow keys move", textHint: "Click a token, or move with ← and →.",
    expected: "expected", surprising: "surprising", ignored: "ignored", looked: "looked at",
    chosen: "Chosen token", next: "What the model expects next", attention: "Attention",
    attentionHint: "Rows are layers, columns are heads. Click a map to enlarge it.",
    quantised: "Attention is kept in 256 steps of its square root, so a weight shown here is off by at most 0.004; everything else is exact to the digits shown.",
    probability: "probability", rank: "rank", surprise: "surprise", open: "openness of what follows", place: "place", number: "token number",
    bits: "bits", first: "nothing stands before it", of: "of", layer: "layer", head: "head",
    about: (d) => `${d.model && `${d.model} · `}${d.tokens.length} tokens · ${d.bits_per_token} bits per token · ${d.bits_per_byte} bits per byte`,
    note: (d) => `The text has ${d.whole} tokens; these are the first ${d.tokens.length}.`,
    caption: (l, h) => `Layer ${l}, head ${h}: each row is a token, and shows which earlier tokens it looks at`,
    weight: (q, k, w) => `“${q}” looks at “${k}”: ${w}`, hover: "Point at the map to read its weights.",
    other: "中文",
  },
  zh: {
    inspect: "透视", text: "文本", bySurprise: "意外程度", byAttention: "注意力", theme: "浅色或深色",
    textLabel: "逐词元的文本，可用方向键移动", textHint: "点击一个词元，或用 ← → 移动。",
    expected: "意料之中", surprising: "意料之外", ignored: "未看", looked: "在看",
    chosen: "所选词元", next: "模型预期的下一个词元", attention: "注意力",
    attentionHint: "每行一层，每列一个头。点击可放大。",
    quantised: "注意力按平方根量化为 256 级，此处显示的权重误差不超过 0.004；其余数值精确到所示位数。",
    probability: "概率", rank: "排名", surprise: "意外程度", open: "后文的不确定度", place: "位置", number: "词元编号",
    bits: "比特", first: "前面没有内容", of: "/", layer: "层", head: "头",
    about: (d) => `${d.model && `${d.model} · `}${d.tokens.length} 个词元 · 每词元 ${d.bits_per_token} 比特 · 每字节 ${d.bits_per_byte} 比特`,
    note: (d) => `全文共 ${d.whole} 个词元，此处为前 ${d.tokens.length} 个。`,
    caption: (l, h) => `第 ${l} 层第 ${h} 头：每行是一个词元，显示它看向前面的哪些词元`,
    weight: (q, k, w) => `“${q}” 看 “${k}”：${w}`, hover: "指向图中一点可读出权重。",
    other: "English",
  },
};

const data = JSON.parse(document.getElementById("data").textContent);
const { layers, heads, time } = data.attention;
const cells = (time * (time + 1)) / 2;
const state = { language: navigator.language.startsWith("zh") ? "zh" : "en", token: Math.min(1, time - 1), layer: 0, head: 0, colour: "surprise" };
let weights = new Uint8Array(layers * heads * cells);

const $ = (id) => document.getElementById(id);
const say = (key) => LABELS[state.language][key];

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

const shown = (piece) => piece.replace(/\n/g, "↵").replace(/\t/g, "⇥").replace(/^ +| +$/g, (s) => "␣".repeat(s.length))
  .replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `‹${c.charCodeAt(0).toString(16).padStart(2, "0")}›`) || "∅";
const percent = (p) => (p >= 0.0995 ? `${(100 * p).toFixed(1)} %` : p >= 0.0001 ? `${(100 * p).toFixed(2)} %` : "< 0.01 %");
const rowStart = (layer, head, row) => (layer * heads + head) * cells + (row * (row + 1)) / 2;
const weightAt = (row, key) => (key > row ? 0 : (weights[rowStart(state.layer, state.head, row) + key] / 255) ** 2);

async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// What a colour of the style sheet is at the moment, light or dark, as the canvas wants it.
function colour(name) {
  const probe = make("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

// A head's map at most `size` pixels wide; each pixel is the largest of the weights it stands for.
function picture(layer, head, size) {
  const side = Math.min(size, time);
  const image = new ImageData(side, side);
  const [red, green, blue] = colour("--jade").match(/[\d.]+/g).map(Number);
  for (let i = 0; i < side * side; i++) image.data.set([red, green, blue, 0], 4 * i);
  for (let row = 0; row < time; row++) {
    const start = rowStart(layer, head, row);
    const line = Math.floor((row * side) / time) * side;
    for (let key = 0; key <= row; key++) {
      const at = 4 * (line + Math.floor((key * side) / time)) + 3;
      if (weights[start + key] > image.data[at]) image.data[at] = weights[start + key];
    }
  }
  const canvas = make("canvas");
  canvas.width = canvas.height = side;
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function drawGrid() {
  const grid = $("grid");
  grid.replaceChildren(make("span"));
  grid.style.gridTemplateColumns = `auto repeat(${heads}, minmax(26px, 76px))`;
  for (let head = 0; head < heads; head++) grid.append(make("span", "label", head + 1));
  const waiting = [];
  for (let layer = 0; layer < layers; layer++) {
    grid.append(make("span", "label", layer + 1));
    for (let head = 0; head < heads; head++) {
      const button = make("button");
      button.type = "button";
      button.title = `${say("layer")} ${layer + 1}, ${say("head")} ${head + 1}`;
      button.setAttribute("aria-label", button.title);
      button.dataset.at = `${layer},${head}`;
      button.addEventListener("click", () => { Object.assign(state, { layer, head }); chooseHead(); });
      grid.append(button);
      waiting.push(() => button.replaceChildren(picture(layer, head, 64)));
    }
  }
  const some = () => { // a few maps per frame, so that the page answers meanwhile
    const until = performance.now() + 12;
    while (waiting.length && performance.now() < until) waiting.shift()();
    if (waiting.length) requestAnimationFrame(some);
  };
  some();
}

let map = null; // the enlarged map: its picture and of what, how wide a token is, and where the first one begins

function drawMap() {
  const canvas = $("map");
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth || 480;
  const labelled = time <= 48;
  const margin = labelled ? 76 : 1;
  const cell = (width - margin) / time;
  const of = `${state.layer},${state.head},${colour("--jade")}`;
  map = { of, cell, margin, image: map?.of === of ? map.image : picture(state.layer, state.head, time) };
  canvas.width = canvas.height = width * ratio;
  canvas.style.height = `${width}px`;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.imageSmoothingEnabled = time * 2 > width;
  pen.drawImage(map.image, margin, margin, width - margin, width - margin);
  pen.strokeStyle = colour("--line");
  pen.strokeRect(margin - 0.5, margin - 0.5, width - margin, width - margin);
  pen.strokeStyle = pen.fillStyle = colour("--ink");
  pen.strokeRect(margin, margin + state.token * cell, (state.token + 1) * cell, Math.max(cell, 2));
  if (!labelled) return;
  const size = Math.max(8, Math.min(12, cell * 0.8));
  pen.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
  pen.textBaseline = "middle";
  for (let i = 0; i < time; i++) {
    const name = shown(data.tokens[i].text).slice(0, 10);
    pen.globalAlpha = i === state.token ? 1 : 0.65;
    pen.textAlign = "right";
    pen.fillText(name, margin - 6, margin + (i + 0.5) * cell, margin - 8);
    pen.save();
    pen.translate(margin + (i + 0.5) * cell, margin - 6);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "left";
    pen.fillText(name, 0, 0, margin - 8);
    pen.restore();
  }
  pen.globalAlpha = 1;
}

function cellAt(event) {
  const box = $("map").getBoundingClientRect();
  const key = Math.floor((event.clientX - box.left - map.margin) / map.cell);
  const row = Math.floor((event.clientY - box.top - map.margin) / map.cell);
  return row >= 0 && row < time && key >= 0 && key < time ? [row, key] : null;
}

function readMap(event) {
  const at = cellAt(event);
  if (!at) return;
  const [row, key] = at;
  $("weight").textContent = say("weight")(shown(data.tokens[row].text), shown(data.tokens[key].text), weightAt(row, key).toFixed(3));
}

function drawText() {
  const box = $("text");
  if (!box.childElementCount) {
    data.tokens.forEach((token, place) => {
      const span = make("span", token.kind || "", token.text);
      span.addEventListener("click", () => chooseToken(place));
      box.append(span);
    });
  }
  const warm = state.colour === "surprise";
  document.documentElement.style.setProperty("--colour", warm ? "var(--warm)" : "var(--jade)");
  data.tokens.forEach((token, place) => {
    const heat = warm ? Math.min(1, (token.bits || 0) / 14) : Math.sqrt(weightAt(state.token, place));
    box.children[place].style.setProperty("--heat", (88 * heat).toFixed(1));
    box.children[place].classList.toggle("chosen", place === state.token);
  });
  $("low").textContent = say(warm ? "expected" : "ignored");
  $("high").textContent = say(warm ? "surprising" : "looked");
}

function drawToken() {
  const token = data.tokens[state.token];
  $("token").textContent = shown(token.text);
  const first = token.bits === null;
  const facts = [
    ["probability", first ? say("first") : percent(2 ** -token.bits)],
    ["rank", first ? "–" : `${token.rank} ${say("of")} ${data.vocab_size}`],
    ["surprise", first ? "–" : `${token.bits.toFixed(2)} ${say("bits")}`],
    ["open", `${token.entropy.toFixed(2)} ${say("bits")}`],
    ["place", `${state.token + 1} ${say("of")} ${time}`],
    ["number", token.id],
  ];
  $("facts").replaceChildren(...facts.flatMap(([key, value]) => [make("dt", "", say(key)), make("dd", "", value)]));
  const real = state.token + 1 < time ? data.tokens[state.token + 1].id : null;
  $("bars").replaceChildren(...token.next.map(([id, probability]) => {
    const line = make("li", id === real ? "real" : "");
    const bar = make("div", "bar");
    const filled = make("div");
    filled.style.width = `${100 * probability}%`;
    bar.append(filled);
    line.append(make("span", "name", shown(data.pieces[id])), bar, make("span", "value", percent(probability)));
    return line;
  }));
}

function chooseToken(place) {
  state.token = Math.max(0, Math.min(time - 1, place));
  drawText();
  drawToken();
  drawMap();
}

function chooseHead() {
  for (const button of $("grid").querySelectorAll("button")) button.setAttribute("aria-pressed", button.dataset.at === `${state.layer},${state.head}`);
  $("caption").textContent = say("caption")(state.layer + 1, state.head + 1);
  $("weight").textContent = say("hover");
  drawMap();
  drawText();
}

function drawAll() {
  document.documentElement.lang = state.language;
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-say-label]")) element.setAttribute("aria-label", say(element.dataset.sayLabel));
  $("language").textContent = say("other");
  $("about").textContent = say("about")(data);
  $("note").hidden = data.whole === data.tokens.length;
  $("note").textContent = say("note")(data);
  drawGrid();
  chooseHead();
  drawToken();
}

$("language").addEventListener("click", () => { state.language = state.language === "zh" ? "en" : "zh"; drawAll(); });
$("theme").addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  drawAll();
});
for (const button of document.querySelectorAll("[data-colour]")) {
  button.addEventListener("click", () => {
    state.colour = button.dataset.colour;
    for (const other of document.querySelectorAll("[data-colour]")) other.setAttribute("aria-pressed", other === button);
    drawText();
  });
}
$("text").addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  chooseToken(state.token + step);
  $("text").children[state.token].scrollIntoView({ block: "nearest" });
});
$("map").addEventListener("mousemove", readMap);
$("map").addEventListener("click", (event) => { const at = cellAt(event); if (at) chooseToken(at[0]); });
window.addEventListener("resize", drawMap);
unpack(data.attention.packed).then((bytes) => { weights = bytes; drawAll(); });
