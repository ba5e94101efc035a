// The side panel with one thread.
import { createComposer } from "./composer.js";
import { el, icon } from "./dom.js";
import { channelTitle } from "./people.js";
import { isVisible } from "./reading.js";
import { createTimeline } from "./timeline.js";

function itemsOf(view, notes) {
  const { channel, me, thread } = view;
  const messages = channel.messages.filter((message) => (message.ts === thread || message.thread_ts === thread) && isVisible(message, me.id));
  return messages.map((message) => ({ message, inThread: true, error: notes.errorOf(channel.id, message.ts) }));
}

/** -> {node, update(view, commands), edit(message)} */
export function createThread(deeds, notes, page) {
  const timeline = createTimeline(deeds);
  const composer = createComposer(send, { withCommands: false });
  const place = el("span", { class: "head-note" });
  const close = el("button", { class: "icon-button", type: "button", "aria-label": "Close the thread", onclick: () => page.go({ thread: null }) }, icon("close"));
  const node = el(
    "aside",
    { class: "thread", "aria-label": "Thread", hidden: true },
    el("header", { class: "head" }, el("h2", {}, "Thread"), place, close),
    timeline.node,
    composer.node,
  );
  let shown = null;

  async function send(text, editing) {
    if (editing) return deeds.change(editing, text);
    if (/^\/\w/.test(text)) {
      return { ok: false, sentence: `Slack has no slash commands in threads. Write @${page.botName()} ${text} instead.` };
    }
    page.happened(text);
    return deeds.say(text, page.view().thread);
  }

  function update(view) {
    node.hidden = !view.thread;
    const key = view.thread && `${view.me.id}/${view.channel.id}/${view.thread}`;
    const opened = key && shown !== key;
    shown = key;
    if (!key) return;
    place.textContent = `${view.channel.is_im ? "" : "#"}${channelTitle(view.channel, view.names)}`;
    timeline.update({ key, label: "Messages in the thread", items: itemsOf(view, notes), view, newFrom: null });
    composer.update({ key, label: "Reply in thread", view, commands: [] });
    if (opened && page.isSettled()) composer.focus();
  }

  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) page.go({ thread: null });
  });
  return { node, update, edit: composer.edit };
}
