// The page: finds out what the model is, opens its tabs, and keeps language, theme and temperature.

import { openChat, showChat } from "./chat.js";
import { openContinue, showContinue } from "./continue.js";
import { language, say, sayAll } from "./labels.js";
import { findModel } from "./stream.js";

const $ = (id) => document.getElementById(id);
const kept = { get: (key) => sessionStorage.getItem(key), set: (key, value) => sessionStorage.setItem(key, value) };

function show() {
  sayAll();
  $("language").textContent = say("other");
  showChat();
  showContinue();
}

function choose(tab) {
  for (const name of ["chat", "continue"]) {
    $(name).hidden = name !== tab;
    $(`${name}-tab`).setAttribute("aria-selected", name === tab);
  }
  history.replaceState(null, "", `#${tab}`);
  document.querySelector(`#${tab} textarea`).focus();
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  kept.set("theme", theme);
}

async function start() {
  language.now = kept.get("language") || language.now;
  if (kept.get("theme")) setTheme(kept.get("theme"));
  show();
  $("language").addEventListener("click", () => {
    language.now = language.now === "zh" ? "en" : "zh";
    kept.set("language", language.now);
    show();
  });
  $("theme").addEventListener("click", () => {
    const dark = (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    setTheme(dark ? "light" : "dark");
  });
  $("temperature").addEventListener("input", () => { $("degrees").textContent = Number($("temperature").value).toFixed(2).replace(/0$/, ""); });
  for (const tab of document.querySelectorAll("[data-tab]")) tab.addEventListener("click", () => choose(tab.dataset.tab));

  let model = null;
  while (!model) {
    try {
      model = await findModel();
    } catch {
      $("waiting").textContent = say("lost");
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
  $("waiting").hidden = true;
  for (const place of document.querySelectorAll(".model")) place.textContent = model.id;
  document.title = `${model.id} · 造化 zaohua`;
  openContinue(model);
  if (model.chat) openChat(model);
  $("chat-tab").hidden = !model.chat;
  choose(model.chat && location.hash !== "#continue" ? "chat" : "continue");
}

start();
