// Three things to try, for somebody who sees this page for the first time; each ticks off when it happens.
import { el, icon, showOnce } from "./dom.js";
import { displayName } from "./people.js";

const KEY = "sandbox.hint";

function load() {
  try {
    return { done: [], hidden: false, ...JSON.parse(localStorage.getItem(KEY)) };
  } catch {
    return { done: [], hidden: false };
  }
}

function steps(bot) {
  const name = displayName(bot);
  return [
    { id: "help", text: "/help", why: "see what it can do", matches: (text) => /^\/help\b/.test(text) },
    { id: "status", text: "/status", why: "see what is running", matches: (text) => /^\/status\b/.test(text) },
    { id: "hello", text: `@${name} hello`, why: "talk to it", matches: (text) => text.toLowerCase().includes(`@${name.toLowerCase()}`) },
  ];
}

/** -> {node, update(view), happened(text, view)}; `tryIt(text)` puts a text into the composer */
export function createHint(tryIt) {
  const node = el("aside", { class: "hint", "aria-label": "Three things to try", hidden: true });
  let view = null;

  function save(change) {
    localStorage.setItem(KEY, JSON.stringify({ ...load(), ...change }));
    update(view);
  }

  function update(next) {
    view = next;
    const state = load();
    node.hidden = state.hidden || !next.bot || next.tab === "home";
    showOnce(node, JSON.stringify([state, next.bot]), () => draw(state, steps(next.bot)));
  }

  function draw(state, all) {
    const finished = all.every((step) => state.done.includes(step.id));
    const title = finished ? "That was the tour. Now ask it something of your own." : "Three things to try";
    const dismiss = el("button", { class: "icon-button", type: "button", "aria-label": "Hide these hints", onclick: () => save({ hidden: true }) }, icon("close"));
    return [el("div", { class: "hint-head" }, el("strong", {}, title), dismiss), el("ol", {}, all.map((step) => stepNode(step, state.done.includes(step.id))))];
  }

  function stepNode(step, done) {
    const mark = el("span", { class: "hint-mark", role: "img", "aria-label": done ? "Done" : "To do" }, done ? icon("check") : null);
    return el("li", { class: done ? "done" : "" }, mark, el("button", { class: "hint-try", type: "button", title: "Put this into the message field", onclick: () => tryIt(step.text) }, step.text), el("span", {}, step.why));
  }

  /** Somebody has sent `text`. */
  function happened(text) {
    const hit = steps(view.bot).filter((step) => step.matches(text)).map((step) => step.id);
    const done = [...new Set([...load().done, ...hit])];
    if (done.length !== load().done.length) save({ done });
  }

  return { node, update, happened };
}
