// Continue text: a sheet to write on; what the model added last stays tinted until the text is edited.

import { say } from "./labels.js";
import { factsOf, make, stream } from "./stream.js";

const $ = (id) => document.getElementById(id);
let model = null;
let writing = null; // the AbortController of the continuation being written
let before = null; // the text as it stood before the last continuation, or null

export function openContinue(found) {
  model = found;
  for (const option of [...$("length").options]) option.hidden = Number(option.value) > model.longest / 2;
  $("write").addEventListener("click", () => { writing ? writing.abort() : write(); });
  $("again").addEventListener("click", () => { takeBack(); write(); });
  $("undo").addEventListener("click", takeBack);
  $("text").addEventListener("input", () => { before = null; show(); });
  $("text").addEventListener("scroll", () => { $("shade").scrollTop = $("text").scrollTop; });
  $("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !writing) write();
  });
}

export function showContinue() {
  $("openings").replaceChildren(...say("openings").map((opening) => {
    const button = make("button", "", opening);
    button.type = "button";
    button.addEventListener("click", () => { if (!writing) { $("text").value = opening; before = null; write(); } });
    return button;
  }));
  show();
}

async function write() {
  before = $("text").value;
  writing = new AbortController();
  $("text").readOnly = true;
  problem("");
  $("text-facts").textContent = "";
  show();
  const most = Math.min(Number($("length").value), Math.floor(model.longest / 2)); // the model reads the end of a long text
  const body = {
    model: model.id, prompt: before, temperature: Number($("temperature").value), max_tokens: most,
    truncate_prompt_tokens: model.longest - most - 1,
  };
  const outcome = await stream("v1/completions", body, writing.signal, (text) => {
    $("text").value += text;
    show();
    $("text").scrollTop = $("text").scrollHeight;
  });
  writing = null;
  $("text").readOnly = false;
  problem(outcome.problem);
  $("text-facts").textContent = outcome.problem ? "" : factsOf(outcome);
  show();
}

function takeBack() {
  if (before === null || writing) return;
  $("text").value = before;
  before = null;
  $("text-facts").textContent = "";
  show();
}

function show() {
  const text = $("text").value;
  const known = before === null ? text : before;
  $("shade").replaceChildren(known, make("mark", "", text.slice(known.length)), "\n");
  $("shade").scrollTop = $("text").scrollTop;
  $("write").dataset.say = writing ? "stop" : "write";
  $("write").textContent = say($("write").dataset.say);
  $("again").disabled = $("undo").disabled = Boolean(writing) || before === null;
}

function problem(sentence) {
  $("text-problem").textContent = sentence;
  $("text-problem").hidden = !sentence;
}
