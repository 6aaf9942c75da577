// Everything the page says, in English and Chinese.

// Stories of the small world, each with a question in the words in which that world asks.
const ENGLISH = [
  ["One morning Mia and the fisherman were in the garden. Mia had a red kite. Mia lost the kite. Mia was sad. The fisherman found the kite. The fisherman gave the kite back to Mia. Mia was happy and the fisherman was proud.", "Who found the kite?"],
  ["One evening Leo and the painter were in the kitchen. The painter had a blue lamp. Leo broke the lamp. The painter was angry and Leo was sorry.", "How did Leo feel at the end?"],
];
const CHINESE = [
  ["有一天，乐乐和护士在阁楼上。乐乐想要一面黄色的小鼓。护士告诉乐乐，小鼓在树林里。乐乐去了树林。乐乐拿到了小鼓。乐乐很高兴。", "小鼓是什么颜色的？"],
  ["一天下午，妞妞和裁缝在花园里。裁缝有一把绿色的雨伞。妞妞向裁缝要雨伞。裁缝把雨伞给了妞妞。妞妞很高兴，裁缝很自豪。", "最后裁缝的心情怎么样？"],
];

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
    examples: [...ENGLISH, ...CHINESE],
    openings: ["One day Ann and the baker were in the garden.", "One morning Sam was in the attic.", "一天早上，小石在图书馆里。"],
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
    examples: [...CHINESE, ...ENGLISH],
    openings: ["一天早上，小石在图书馆里。", "有一天，佳佳和农夫在谷仓里。", "One day Ann and the baker were in the garden."],
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
