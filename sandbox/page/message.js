// One message: face, name, time, text or blocks, files, reactions, replies, and the buttons that appear over it.
import { renderBlocks } from "./blocks.js";
import { el, icon } from "./dom.js";
import { QUICK } from "./emoji.js";
import { emojiNode } from "./inline.js";
import { openMenu } from "./menu.js";
import { renderMrkdwn } from "./mrkdwn.js";
import { avatar, displayName } from "./people.js";
import { ago, clock, dateOf, fullTime } from "./time.js";

/** item: {message, grouped, replies: {count, latest, users} | null, error}; deeds: what can be done to messages */
export function drawMessage(item, view, deeds) {
  const { message, grouped, error } = item;
  const user = view.names.user(message.user) ?? { id: message.user ?? "?", name: message.username ?? "Somebody", is_bot: Boolean(message.bot_id) };
  const at = dateOf(message.ts);
  const surface = deeds.surfaceOf(message, view);
  const node = el(
    "article",
    { class: classesOf(item), tabindex: "-1", "aria-label": `${displayName(user)}, ${clock(at)}`, "data-ts": message.ts },
    el("div", { class: "message-side" }, grouped ? stamp(at, "stamp-side") : avatar(user)),
    el(
      "div",
      { class: "message-body" },
      message.ephemeral_to ? whisper(message, deeds) : null,
      grouped ? null : headline(user, at),
      content(message, view, surface, user),
      message.streaming ? el("button", { class: "button stop", type: "button", onclick: () => deeds.stop(message) }, el("span", { class: "stop-sign" }), "Stop") : null,
      files(message),
      el("p", { class: "error-line", role: "alert" }, error ?? ""),
      reactions(message, view, deeds),
      replies(item, view, deeds),
    ),
  );
  if (!message.ephemeral_to && !message.local) offerTools(node, item, view, deeds);
  return node;
}

function whisper(message, deeds) {
  const dismiss = el("button", { class: "link-button", type: "button", onclick: () => deeds.dismiss(message) }, "Dismiss");
  return el("p", { class: "only-you" }, icon("eye"), "Only visible to you", el("span", { "aria-hidden": "true" }, "·"), dismiss);
}

function classesOf({ message, grouped, highlight }) {
  const drawn = message.blocks?.length && message.bot_id;
  return ["message", grouped && (drawn ? "grouped spaced" : "grouped"), message.ephemeral_to && "ephemeral", message.failed && "failed", highlight && "highlight"].filter(Boolean).join(" ");
}

function stamp(at, className) {
  return el("time", { class: className, datetime: at.toISOString(), title: fullTime(at) }, clock(at));
}

function headline(user, at) {
  const tag = user.is_bot ? el("span", { class: "tag" }, "App") : null;
  return el("p", { class: "headline" }, el("span", { class: "author" }, displayName(user)), tag, stamp(at, "stamp"));
}

/** A person's own message is drawn from its text (their client made the rich text from it); a bot's from its blocks. */
function content(message, view, surface, user) {
  const typed = !user.is_bot && (message.blocks ?? []).every((block) => block.type === "rich_text");
  const parts = message.blocks?.length && !typed
    ? renderBlocks(message.blocks, surface)
    : [el("div", { class: "prose" }, renderMrkdwn(message.text ?? "", view.names))];
  const edited = message.edited ? el("span", { class: "edited", title: "This message was edited" }, "(edited)") : null;
  if (message.streaming) parts.push(el("span", { class: "caret", role: "img", "aria-label": "Still writing" }));
  return el("div", { class: "content" }, parts, (message.attachments ?? []).map((one) => attachment(one, surface)), edited);
}

function attachment(one, surface) {
  const bar = { "--bar": /^[0-9a-f]{6}$/i.test(one.color ?? "") ? `#${one.color}` : (one.color ?? "") };
  const text = [one.pretext, one.title && `*${one.title}*`, one.text ?? (one.blocks ? null : one.fallback)].filter(Boolean).join("\n");
  const fields = (one.fields ?? []).map((field) => el("div", { class: "prose" }, renderMrkdwn(`*${field.title}*\n${field.value}`, surface.names)));
  return el(
    "div",
    { class: "attachment", style: bar },
    text ? el("div", { class: "prose" }, renderMrkdwn(text, surface.names)) : null,
    fields.length ? el("div", { class: "section-fields" }, fields) : null,
    one.blocks ? renderBlocks(one.blocks, surface) : null,
  );
}

function files(message) {
  return (message.files ?? []).map((file) => {
    const address = file.url_private ?? file.permalink ?? "";
    const words = [icon("file"), el("span", { class: "file-name" }, file.title || file.name || "File"), el("span", { class: "file-kind" }, file.pretty_type || file.filetype || "")];
    const local = URL.canParse(address, location.href) && new URL(address, location.href).origin === location.origin;
    return local ? el("a", { class: "file", href: address, target: "_blank", rel: "noopener" }, words) : el("span", { class: "file" }, words);
  });
}

function reactions(message, view, deeds) {
  if (!message.reactions?.length) return null;
  const chips = message.reactions.map(({ name, users = [], count }) => {
    const mine = users.includes(view.me.id);
    const who = users.map((id) => displayName(view.names.user(id) ?? { id })).join(", ");
    return el(
      "button",
      { class: "reaction", type: "button", "aria-pressed": String(mine), "aria-label": `${name.replaceAll("_", " ")}: ${who}`, title: `${who} reacted with :${name}:`,
        onclick: () => deeds.react(message, name, mine) },
      emojiNode(name), el("span", {}, String(count ?? users.length)),
    );
  });
  return el("div", { class: "reactions" }, chips);
}

function replies({ message, replies: found }, view, deeds) {
  if (!found?.count) return null;
  const faces = found.users.slice(0, 4).map((id) => avatar(view.names.user(id) ?? { id, name: id }, "avatar-tiny"));
  const text = found.count === 1 ? "1 reply" : `${found.count} replies`;
  return el(
    "button",
    { class: "replies", type: "button", title: "Open the thread", onclick: () => deeds.openThread(message) },
    faces, el("strong", {}, text), el("span", { class: "replies-time" }, `Last reply ${ago(dateOf(found.latest))}`),
  );
}

/** The tools are made when somebody points at the message or walks to it: thousands of hidden buttons would be slow. */
function offerTools(node, item, view, deeds) {
  const offer = () => {
    if (!node.querySelector(":scope > .tools")) node.append(tools(item, view, deeds));
  };
  node.addEventListener("pointerenter", offer);
  node.addEventListener("focusin", offer);
}

function tools({ message, inThread }, view, deeds) {
  const tool = (name, label, onclick, extra = {}) => el("button", { class: "icon-button", type: "button", "aria-label": label, title: label, onclick, ...extra }, icon(name));
  const menu = { "aria-haspopup": "menu", "aria-expanded": "false" };
  const mine = message.user === view.me.id;
  const shortcuts = (view.state.shortcuts ?? []).filter((shortcut) => shortcut.type === "message");
  return el(
    "div",
    { class: "tools", role: "group", "aria-label": "Message actions" },
    tool("smile", "Add a reaction", (event) => openReactions(event.currentTarget, message, deeds), menu),
    inThread ? null : tool("thread", "Reply in thread", () => deeds.openThread(message)),
    mine || shortcuts.length ? tool("dots", "More actions", (event) => openMore(event.currentTarget, message, deeds, mine, shortcuts), menu) : null,
  );
}

function openReactions(button, message, deeds) {
  const entries = QUICK.map((name) => ({ label: emojiNode(name), name: name.replaceAll("_", " "), choose: () => deeds.react(message, name, false) }));
  openMenu(button, "Reactions", entries, { className: "menu-grid" });
}

function openMore(button, message, deeds, mine, shortcuts) {
  const own = [
    { label: "Edit message", lead: icon("pencil"), choose: () => deeds.edit(message) },
    { label: "Delete message", lead: icon("trash"), danger: true, choose: () => deeds.remove(message) },
  ];
  const offered = shortcuts.map(({ callback_id: id, name }) => ({ label: name ?? id, choose: () => deeds.shortcut(message, id) }));
  openMenu(button, "More actions", [...offered, ...(mine ? own : [])]);
}
