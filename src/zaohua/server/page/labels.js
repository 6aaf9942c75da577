// Everything the page says, in English and Chinese.

export const LABELS = {
  en: {
    chat: "Chat", continue: "Continue text", temperature: "Temperature", theme: "Light or dark",
    welcome: "Tell it a story, then ask.",
    welcomeHint: "Paste a story and write your question on the last line. Everything stays on this machine.",
    draft: "A story and a question …", text: "Begin a text; the model goes on from its last word …",
    keys: "Enter sends · Shift + Enter for a new line", fresh: "New conversation",
    send: "Send", stop: "Stop", copy: "Copy", copied: "Copied", again: "Try again", undo: "Take back",
    write: "Continue", length: "at most", tokens: "tokens", seconds: "s", stopped: "stopped", cut: "cut off at its length limit",
    writeHint: "What the model wrote is tinted. Edit anything, then go on from there.",
    connecting: "Connecting …", lost: "The server cannot be reached. Is it still running?",
    busy: "The server is busy. Try again in a moment.",
    long: "This is longer than the model can read. Start a new conversation, or shorten the text.",
    empty: "(an empty answer)", other: "中文",
    examples: [
      ["One day Mia and Olga were in the park. Mia had a green plate. Mia lost the plate in the park. Mia was sad. Olga found the plate in the park. Olga brought the plate back to Mia. Mia felt happy and Olga felt proud.", "Who found the plate?"],
      ["One afternoon Wade and Olga were at the market. Wade was holding a green box. Wade lost the box at the market. Wade was sad.", "How did Wade feel at the end?"],
      ["有一天，红红和丽丽在海滩上。丽丽有一个黑色的瓶子。红红去了图书馆。红红在图书馆里听到一声巨响。红红感到很害怕。", "瓶子是什么颜色的？"],
      ["一天下午，妞妞和兰兰在花园里。妞妞拿着一条黑色的小船。兰兰想要小船。兰兰从妞妞手里抢走了小船。妞妞很生气。", "最后妞妞的心情怎么样？"],
    ],
    openings: ["One day Ann and Ben were in the garden.", "One morning Finn wanted a red kite.", "一天早上，小雨在图书馆里。"],
  },
  zh: {
    chat: "对话", continue: "续写", temperature: "温度", theme: "浅色或深色",
    welcome: "讲个故事，再提问。",
    welcomeHint: "粘贴一段故事，在最后一行写下问题。一切内容都留在这台机器上。",
    draft: "一段故事，一个问题……", text: "写个开头，模型会从最后一个字接着写……",
    keys: "Enter 发送 · Shift + Enter 换行", fresh: "新对话",
    send: "发送", stop: "停止", copy: "复制", copied: "已复制", again: "重新生成", undo: "撤回",
    write: "续写", length: "最多", tokens: "词元", seconds: "秒", stopped: "已停止", cut: "达到长度上限",
    writeHint: "模型写的部分有底色。随意修改，再从那里继续。",
    connecting: "正在连接……", lost: "无法连接服务器，它还在运行吗？",
    busy: "服务器正忙，请稍后再试。",
    long: "内容超出模型能读的长度。请开始新对话，或缩短文字。",
    empty: "（空回答）", other: "English",
    examples: [
      ["有一天，红红和丽丽在海滩上。丽丽有一个黑色的瓶子。红红去了图书馆。红红在图书馆里听到一声巨响。红红感到很害怕。", "瓶子是什么颜色的？"],
      ["一天下午，妞妞和兰兰在花园里。妞妞拿着一条黑色的小船。兰兰想要小船。兰兰从妞妞手里抢走了小船。妞妞很生气。", "最后妞妞的心情怎么样？"],
      ["One day Mia and Olga were in the park. Mia had a green plate. Mia lost the plate in the park. Mia was sad. Olga found the plate in the park. Olga brought the plate back to Mia. Mia felt happy and Olga felt proud.", "Who found the plate?"],
      ["One afternoon Wade and Olga were at the market. Wade was holding a green box. Wade lost the box at the market. Wade was sad.", "How did Wade feel at the end?"],
    ],
    openings: ["一天早上，小雨在图书馆里。", "有一天，小宝有一只红色的风筝。", "One day Ann and Ben were in the garden."],
  },
};

export const language = { now: navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en" };

export const say = (key) => LABELS[language.now][key];

// Fill every element that names a label: its text, its placeholder, or its name for screen readers.
export function sayAll() {
  document.documentElement.lang = language.now;
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-say-hint]")) element.placeholder = say(element.dataset.sayHint);
  for (const element of document.querySelectorAll("[data-say-label]")) {
    element.setAttribute("aria-label", say(element.dataset.sayLabel));
    element.title = say(element.dataset.sayLabel);
  }
}
