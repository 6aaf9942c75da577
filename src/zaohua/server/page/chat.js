// The conversation: what was said, the answer being written, and the box to write in.

import { language, say } from "./labels.js";
import { factsOf, make, stream } from "./stream.js";

const $ = (id) => document.getElementById(id);
const turns = []; // {role, content, facts?, problem?}
let writing = null; // the AbortController of the answer being written
let model = null;

export function openChat(found) {
  model = found;
  $("composer").addEventListener("submit", (event) => { event.preventDefault(); writing ? writing.abort() : send(); });
  $("draft").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return; // Enter also ends a Chinese composition
    event.preventDefault();
    if (!writing) send();
  });
  $("draft").addEventListener("input", fit);
  $("fresh").addEventListener("click", () => { writing?.abort(); turns.length = 0; show(); $("draft").focus(); });
  show();
}

export function showChat() {
  $("examples").replaceChildren(...say("examples").map(([story, question]) => {
    const button = make("button");
    button.type = "button";
    button.append(make("span", "story", story), make("span", "question", question));
    button.addEventListener("click", () => { $("draft").value = `${story}\n${question}`; fit(); $("draft").focus(); });
    return button;
  }));
  show();
}

function send() {
  const content = $("draft").value.trim();
  if (!content) return;
  $("draft").value = "";
  fit();
  turns.push({ role: "user", content });
  answer();
}

async function answer() {
  const turn = { role: "assistant", content: "" };
  const messages = turns.map(({ role, content }) => ({ role, content }));
  turns.push(turn);
  writing = new AbortController();
  show();
  const said = $("messages").lastElementChild.querySelector(".said");
  const body = { model: model.id, messages, temperature: Number($("temperature").value) };
  const outcome = await stream("v1/chat/completions", body, writing.signal, (text) => {
    turn.content += text;
    const following = nearEnd();
    said.append(text);
    if (following) toEnd();
  });
  writing = null;
  turn.problem = outcome.problem;
  turn.facts = outcome.problem ? "" : factsOf(outcome);
  show();
}

function again() {
  turns.pop();
  answer();
}

function show() {
  $("welcome").hidden = turns.length > 0;
  $("fresh").hidden = turns.length === 0;
  $("composer").classList.toggle("busy", Boolean(writing));
  $("send").dataset.sayLabel = writing ? "stop" : "send";
  $("send").setAttribute("aria-label", say($("send").dataset.sayLabel));
  $("send").title = say($("send").dataset.sayLabel);
  $("messages").replaceChildren(...turns.map((turn, place) => messageOf(turn, place === turns.length - 1)));
  toEnd();
}

function messageOf(turn, last) {
  const message = make("div", `message ${turn.role}`);
  if (turn.role === "assistant") message.append(make("p", "who", language.now === "zh" ? "造化" : "zaohua"));
  const said = make("div", "said", turn.content);
  said.dir = "auto";
  message.append(said);
  if (turn.role === "user") return message;
  if (last && writing) message.classList.add("writing");
  else {
    if (turn.problem) message.append(make("p", "problem", turn.problem));
    else if (!turn.content) said.textContent = say("empty");
    message.append(footOf(turn, last));
  }
  return message;
}

function footOf(turn, last) {
  const foot = make("div", "foot");
  const copy = make("button", "link", say("copy"));
  copy.type = "button";
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(turn.content);
    copy.textContent = say("copied");
  });
  if (turn.content) foot.append(copy);
  if (last) {
    const retry = make("button", "link", say("again"));
    retry.type = "button";
    retry.addEventListener("click", again);
    foot.append(retry);
  }
  foot.append(make("span", "", turn.facts));
  return foot;
}

const nearEnd = () => $("scroll").scrollHeight - $("scroll").scrollTop - $("scroll").clientHeight < 80;
const toEnd = () => { $("scroll").scrollTop = $("scroll").scrollHeight; };

function fit() {
  $("draft").style.height = "auto";
  $("draft").style.height = `${$("draft").scrollHeight}px`;
}
