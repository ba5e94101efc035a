// Where a person writes. Enter sends, Shift+Enter breaks the line; what was not sent is kept per person and place.
import { createCompletion } from "./completion.js";
import { el, icon } from "./dom.js";
import { QUICK } from "./emoji.js";
import { decode, emojiNode } from "./inline.js";
import { openMenu } from "./menu.js";
import { displayName } from "./people.js";

const MAX_HEIGHT = 220;

/** Message text as it was typed: mentions by name, no escapes. */
function typedForm(text, names) {
  const named = text
    .replace(/<@(\w+)(?:\|[^>]*)?>/g, (whole, id) => (names.user(id) ? `@${names.user(id).name}` : whole))
    .replace(/<#(\w+)(?:\|[^>]*)?>/g, (whole, id) => (names.channel(id) ? `#${names.channel(id).name}` : whole))
    .replace(/<!(here|channel|everyone)>/g, "@$1")
    .replace(/<(https?:[^>|]+)(?:\|[^>]*)?>/g, "$1");
  return decode(named);
}

/** send(text, editing) -> Promise of {ok, sentence}. -> {node, update({key, label, view, commands}), fill(text), edit(message)} */
export function createComposer(send, { withCommands = true } = {}) {
  const drafts = new Map();
  let given = null;
  let editing = null;
  const field = el("textarea", { rows: "1", spellcheck: "true" });
  const error = el("p", { class: "error-line", role: "alert" });
  const mode = el("p", { class: "composer-mode", hidden: true }, "Editing your message. ", el("button", { class: "link-button", type: "button", onclick: () => stopEditing() }, "Cancel"));
  const completion = createCompletion(field, () => given);
  const submit = el("button", { class: "send", type: "submit", "aria-label": "Send", title: "Send (Enter)" }, icon("send"));
  const bar = el(
    "div",
    { class: "composer-bar" },
    withCommands ? starter("slash", "Start a command", "/") : null,
    starter("at", "Mention somebody", "@"),
    el("button", { class: "icon-button", type: "button", "aria-label": "Insert an emoji", title: "Insert an emoji", "aria-haspopup": "menu", "aria-expanded": "false", onclick: openEmoji }, icon("smile")),
    el("span", { class: "composer-tip", "aria-hidden": "true" }, "Shift + Enter for a new line"),
    submit,
  );
  const node = el("form", { class: "composer", onsubmit: onSubmit }, error, mode, el("div", { class: "composer-box" }, completion.node, field, bar));

  function starter(name, label, sign) {
    const begin = () => {
      if (sign === "/") fill(field.value.startsWith("/") ? field.value : "/");
      else insert(/(^|\s)$/.test(field.value.slice(0, field.selectionStart)) ? sign : ` ${sign}`);
    };
    return el("button", { class: "icon-button", type: "button", "aria-label": label, title: label, onclick: begin }, icon(name));
  }

  function openEmoji(event) {
    const entries = QUICK.map((name) => ({ label: emojiNode(name), name: name.replaceAll("_", " "), choose: () => insert(`:${name}: `) }));
    openMenu(event.currentTarget, "Emoji", entries, { className: "menu-grid" });
  }

  function insert(text) {
    field.focus();
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    changed();
  }

  function fill(text) {
    field.value = text;
    field.focus();
    field.setSelectionRange(text.length, text.length);
    changed();
  }

  function fit() {
    field.style.setProperty("height", "auto");
    field.style.setProperty("height", `${Math.min(field.scrollHeight, MAX_HEIGHT)}px`);
    submit.toggleAttribute("data-ready", field.value.trim() !== "");
  }

  function changed() {
    if (!editing && given) drafts.set(given.key, field.value);
    fit();
    completion.refresh();
  }

  async function onSubmit(event) {
    event.preventDefault();
    const text = field.value.trim();
    if (!text || field.readOnly) return;
    const key = given.key;
    field.readOnly = true;
    const answer = await send(text, editing);
    field.readOnly = false;
    error.textContent = answer.ok ? "" : answer.sentence;
    if (!answer.ok) return;
    drafts.delete(key);
    if (editing) stopEditing();
    else if (given.key === key) show("");
  }

  function show(text) {
    field.value = text;
    completion.close();
    fit();
  }

  function stopEditing() {
    editing = null;
    mode.hidden = true;
    show(drafts.get(given.key) ?? "");
  }

  function edit(message) {
    editing = message;
    mode.hidden = false;
    fill(typedForm(message.text ?? "", given.view.names));
  }

  function update(next) {
    const moved = given?.key !== next.key;
    given = next;
    field.setAttribute("aria-label", next.label);
    field.placeholder = next.label;
    if (!moved) return;
    editing = null;
    mode.hidden = true;
    error.textContent = "";
    show(drafts.get(next.key) ?? "");
  }

  field.addEventListener("input", changed);
  field.addEventListener("click", completion.refresh);
  field.addEventListener("blur", completion.close);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || completion.onKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      node.requestSubmit();
    } else if (event.key === "Escape" && editing) stopEditing();
  });
  return { node, update, fill, edit, focus: () => field.focus() };
}

/** "Message #ops", "Message Quarterdeck" */
export function composerLabel(view, partner) {
  if (!view.channel) return "Message";
  return `Message ${view.channel.is_im ? displayName(partner) : `#${view.channel.name}`}`;
}
