// The left side: who you are, the channels, the direct messages, and what is unread in them.
import { el, icon, showKeyed, showOnce } from "./dom.js";
import { openMenu } from "./menu.js";
import { avatar, channelTitle, displayName, partnerOf, titleOf } from "./people.js";
import { formatRoute } from "./route.js";
import { createThemeButton } from "./theme.js";

/** -> {node, update(view), close()} */
export function createSidebar({ reading, close }) {
  const person = el("div", { class: "person" });
  const channels = el("ul", { class: "conversations" });
  const directs = el("ul", { class: "conversations" });
  const node = el(
    "nav",
    { class: "sidebar", id: "sidebar", "aria-label": "Conversations" },
    el(
      "div",
      { class: "brand" },
      el("span", { class: "brand-sign", "aria-hidden": "true" }, "⚓"),
      el("span", { class: "brand-words" }, el("strong", {}, "Sandbox"), el("span", {}, "A Slack on your desk")),
      createThemeButton(),
      el("button", { class: "icon-button sidebar-close", type: "button", "aria-label": "Close the sidebar", onclick: close }, icon("close")),
    ),
    el("div", { class: "sidebar-scroll" }, el("h2", {}, "Channels"), channels, el("h2", {}, "Direct messages"), directs),
    person,
  );

  function update(view) {
    const row = (channel) => conversationItem(channel, view, reading);
    showKeyed(channels, view.channels.filter((channel) => !channel.is_im).map(row));
    showKeyed(directs, view.channels.filter((channel) => channel.is_im).map(row));
    showOnce(person, JSON.stringify([view.me, view.people]), () => personButton(view));
  }

  return { node, update };
}

function conversationItem(channel, view, reading) {
  const current = channel === view.channel;
  const { count, loud } = current ? { count: 0, loud: false } : reading.unread(channel, view);
  const signature = JSON.stringify([view.state.sockets > 0, channel.name, channel.is_private, channel.members, current, count, loud, view.me.id]);
  return { key: channel.id, signature, make: () => el("li", {}, conversationLink(channel, view, current, count, loud)) };
}

function conversationLink(channel, view, current, count, loud) {
  const partner = channel.is_im ? partnerOf(channel, view.names) : null;
  const lead = partner ? withPresence(partner, view) : icon(channel.is_private ? "lock" : "hash");
  const title = channelTitle(channel, view.names);
  const badge = count ? el("span", { class: `badge${loud ? " badge-loud" : ""}` }, count > 99 ? "99+" : String(count), el("span", { class: "hidden-text" }, " unread")) : null;
  return el(
    "a",
    {
      class: `conversation${count ? " unread" : ""}`,
      href: formatRoute({ user: view.me.id, place: channel.id }),
      "aria-current": current ? "page" : null,
    },
    lead,
    el("span", { class: "conversation-name" }, title),
    partner?.is_bot ? el("span", { class: "tag" }, "App") : null,
    badge,
  );
}

/** The app's face with a dot: filled while it is connected. */
function withPresence(partner, view) {
  const face = avatar(partner, "avatar-tiny");
  if (partner.id !== view.bot?.id || view.state.sockets === undefined) return face;
  const connected = view.state.sockets > 0;
  const text = connected ? "connected" : "not connected";
  return el("span", { class: "with-presence", title: `The app is ${text}` }, face, el("span", { class: `presence${connected ? " presence-on" : ""}`, role: "img", "aria-label": text }));
}

function personButton(view) {
  const words = el(
    "span",
    { class: "person-words" },
    el("strong", {}, el("span", { class: "hidden-text" }, "Acting as "), displayName(view.me)),
    el("span", {}, titleOf(view.me) || "You are this person"),
    el("span", { class: "hidden-text" }, "Switch person"),
  );
  const open = (event) => openMenu(event.currentTarget, "Act as", view.people.map((user) => personEntry(user, view)), { className: "menu-people" });
  const attributes = { class: "person-button", type: "button", title: "Act as somebody else", "aria-haspopup": "menu", "aria-expanded": "false" };
  return el("button", { ...attributes, onclick: open }, avatar(view.me), words, icon("down"));
}

function personEntry(user, view) {
  return {
    label: displayName(user),
    description: titleOf(user) || null,
    lead: avatar(user, "avatar-small"),
    checked: user.id === view.me.id,
    href: formatRoute({ user: user.id }),
    name: [displayName(user), titleOf(user)].filter(Boolean).join(", "),
    title: "Click to switch; Ctrl-click for a second tab as this person",
  };
}
