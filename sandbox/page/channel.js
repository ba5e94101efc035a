// The middle: the head of a conversation, its messages (or the app's Home), the hint and the composer.
import { post } from "./api.js";
import { composerLabel, createComposer } from "./composer.js";
import { el, icon, showOnce } from "./dom.js";
import { createHome } from "./home.js";
import { avatar, channelTitle, partnerOf, titleOf } from "./people.js";
import { inChannel, isReply, isVisible } from "./reading.js";
import { formatRoute } from "./route.js";
import { createTimeline } from "./timeline.js";

function threadTable(messages) {
  const threads = new Map();
  for (const message of messages) {
    if (!isReply(message) || message.ephemeral_to) continue;
    const entry = threads.get(message.thread_ts) ?? { count: 0, latest: message.ts, users: [] };
    entry.count += 1;
    entry.latest = message.ts;
    if (!entry.users.includes(message.user)) entry.users.push(message.user);
    threads.set(message.thread_ts, entry);
  }
  return threads;
}

function itemsOf({ channel, me, thread }, notes) {
  const visible = channel.messages.filter((message) => isVisible(message, me.id));
  const threads = threadTable(visible);
  const all = [...visible.filter(inChannel), ...notes.of(me.id, channel.id)].sort((a, b) => (a.ts < b.ts ? -1 : 1));
  return all.map((message) => ({
    message,
    replies: threads.get(message.ts) ?? null,
    error: notes.errorOf(channel.id, message.ts),
    highlight: message.ts === thread,
  }));
}

/** -> {node, update(view, commands), fill(text), edit(message)} */
export function createChannel(deeds, notes, page, { hint, reading, openSidebar }) {
  const title = el("div", { class: "head-title" });
  const tabs = el("div", { class: "tabs" });
  const menu = el("button", { class: "icon-button sidebar-open", type: "button", "aria-label": "Open the sidebar", "aria-controls": "sidebar", onclick: openSidebar }, icon("menu"));
  const timeline = createTimeline(deeds);
  const home = createHome();
  const composer = createComposer(send);
  const node = el("main", { class: "channel" }, el("header", { class: "head" }, menu, title, tabs), timeline.node, home.node, hint.node, composer.node);
  let shown = null;
  let newFrom = null;

  async function send(text, editing) {
    if (editing) return deeds.change(editing, text);
    page.happened(text);
    return /^\/\w/.test(text) ? deeds.command(text) : deeds.say(text, null);
  }

  function update(view, commands) {
    const { channel, me, names, tab } = view;
    const partner = channel?.is_im ? partnerOf(channel, names) : null;
    showOnce(title, JSON.stringify([channel?.id, channel?.name, channel?.topic, channel?.members, me.id]), () => head(view, partner));
    showOnce(tabs, JSON.stringify([channel?.id, tab, me.id]), () => (partner?.is_bot && partner.id === view.bot?.id ? tabLinks(view) : []));
    home.update(view);
    timeline.node.hidden = composer.node.hidden = tab === "home" || !channel;
    if (timeline.node.hidden) return;
    const key = `${me.id}/${channel.id}`;
    if (shown !== key) newFrom = reading.lastRead(me.id, channel.id);
    if (shown !== key && partner?.id === view.bot?.id) post("home", { user: me.id, tab: "messages" });
    shown = key;
    const label = `Messages in ${channelTitle(channel, names)}`;
    timeline.update({ key, label, items: itemsOf(view, notes), view, newFrom: firstNew(view, newFrom), lead: beginning(view, partner) });
    composer.update({ key, label: composerLabel(view, partner), view, commands });
    if (document.visibilityState === "visible") reading.mark(me.id, channel);
  }

  return { node, update, fill: composer.fill, edit: composer.edit };
}

/** The line "New" stands only above what others wrote. */
function firstNew({ channel, me }, since) {
  const others = channel.messages.some((message) => message.ts > since && message.user !== me.id && isVisible(message, me.id) && inChannel(message));
  return others && since !== "0" ? since : null;
}

function head({ channel, names }, partner) {
  if (!channel) return [el("h1", {}, "No conversations")];
  if (partner) return [avatar(partner, "avatar-small"), el("h1", {}, channelTitle(channel, names)), el("span", { class: "head-note" }, titleOf(partner))];
  const count = channel.members.length;
  return [
    el("h1", {}, icon(channel.is_private ? "lock" : "hash"), channel.name),
    channel.topic ? el("span", { class: "head-note" }, channel.topic) : null,
    el("span", { class: "head-members" }, `${count} ${count === 1 ? "member" : "members"}`),
  ];
}

function tabLinks({ me, channel, tab }) {
  const link = (name, place, label) => el("a", { class: "tab", href: formatRoute({ user: me.id, place }), "aria-current": tab === name ? "page" : null }, label);
  return [link("messages", channel.id, "Messages"), link("home", "home", "Home")];
}

function beginning({ channel, names }, partner) {
  const name = channelTitle(channel, names);
  const sign = partner ? avatar(partner, "avatar-large") : el("span", { class: "lead-sign" }, icon(channel.is_private ? "lock" : "hash"));
  const text = partner ? `Only you and ${name} see what is written here.` : `This is the very beginning of #${name}.${channel.topic ? ` ${channel.topic}.` : ""}`;
  return [sign, el("h2", {}, partner ? name : `#${name}`), el("p", {}, text)];
}
