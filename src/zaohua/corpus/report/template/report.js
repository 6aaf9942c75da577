"use strict";
// The page shows everything without this; it adds the reader's language and theme, and the search of samples.

const $ = (id) => document.getElementById(id);
const languages = ["zh", "en"];

function speak(language) {
  $(language).checked = true;
  document.documentElement.lang = language;
  $("search").placeholder = language === "zh" ? "在样例中查找" : "search the samples";
  $("by-source").options[0].textContent = language === "zh" ? "全部来源" : "all sources";
  $("by-language").options[0].textContent = language === "zh" ? "全部语言" : "all languages";
}

for (const language of languages) $(language).addEventListener("change", () => speak(language));

$("theme").hidden = false;
$("theme").addEventListener("click", () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
});

const samples = [...document.querySelectorAll(".sample")].map((element) => ({
  element, text: element.textContent.toLowerCase(), source: element.dataset.source, language: element.dataset.language,
}));

function search() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const { element, text, source, language } of samples) {
    const fits = words.every((word) => text.includes(word))
      && ["", source].includes($("by-source").value) && ["", language].includes($("by-language").value);
    element.hidden = !fits;
    shown += fits;
  }
  $("matches").textContent = `${shown} / ${samples.length}`;
}

document.querySelector(".tools").hidden = false;
for (const id of ["search", "by-source", "by-language"]) $(id).addEventListener("input", search);
speak(navigator.language.startsWith("zh") ? "zh" : "en");
search();
