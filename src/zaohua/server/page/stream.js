// Asking the server: one request, its text as it comes, and what went wrong in the user's words.

import { say } from "./labels.js";

// Elements are made from text alone, never from HTML, so nothing that a person or a model wrote can act.
export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

export async function findModel() {
  const answer = await fetch("v1/models");
  if (!answer.ok) throw new Error(answer.statusText);
  const model = (await answer.json()).data[0];
  return { id: model.id, chat: Boolean(model.metadata?.zaohua?.chat), longest: model.metadata?.zaohua?.max_length ?? 1024 };
}

// Send `body` to `path`; `onText` gets each piece. Gives back why it ended, the tokens written and the seconds it took.
export async function stream(path, body, signal, onText) {
  const began = performance.now();
  const outcome = { end: "stopped", tokens: 0, seconds: 0, problem: "" };
  try {
    const answer = await fetch(path, {
      method: "POST", signal, headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    });
    if (!answer.ok) throw await problemOf(answer);
    for await (const chunk of chunks(answer.body)) {
      if (chunk.error) throw { said: chunk.error.message };
      if (chunk.usage) outcome.tokens = chunk.usage.completion_tokens;
      const choice = chunk.choices[0];
      if (!choice) continue;
      const text = choice.delta ? choice.delta.content : choice.text;
      if (text) onText(text);
      if (choice.finish_reason) outcome.end = choice.finish_reason;
    }
  } catch (error) {
    if (error.name !== "AbortError") {
      outcome.end = "problem";
      outcome.problem = error.said || say("lost");
    }
  }
  outcome.seconds = (performance.now() - began) / 1000;
  return outcome;
}

export function factsOf(outcome) {
  const parts = [];
  if (outcome.tokens) parts.push(`${outcome.tokens} ${say("tokens")}`);
  parts.push(`${outcome.seconds.toFixed(1)} ${say("seconds")}`);
  if (outcome.tokens && outcome.seconds > 0.05) parts.push(`${Math.round(outcome.tokens / outcome.seconds)} ${say("tokens")}/${say("seconds")}`);
  if (outcome.end === "length") parts.push(say("cut"));
  if (outcome.end === "stopped") parts.push(say("stopped"));
  return parts.join(" · ");
}

async function problemOf(answer) {
  const error = (await answer.json().catch(() => ({}))).error || {};
  if (answer.status === 429) return { said: say("busy") };
  if (error.code === "context_length_exceeded") return { said: say("long") };
  return { said: error.message || `${answer.status}` };
}

// Server-sent events as objects: an event ends with an empty line, and a chunk of bytes may end anywhere.
async function* chunks(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      if (!event.startsWith("data: ")) continue;
      if (event === "data: [DONE]") return;
      yield JSON.parse(event.slice(6));
    }
  }
}
