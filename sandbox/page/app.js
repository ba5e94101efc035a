// Puts the parts of the page together: the address and the state decide everything that is shown.
import { createChannel } from "./channel.js";
import { createDeeds, createNotes } from "./deed.js";
import { el } from "./dom.js";
import { createHint } from "./hint.js";
import { createModal } from "./modal.js";
import { channelTitle, displayName } from "./people.js";
import { createReading } from "./reading.js";
import { formatRoute, parseRoute, resolveView } from "./route.js";
import { createSidebar } from "./sidebar.js";
import { createStore } from "./store.js";
import { createThread } from "./thread.js";

const PLACES = "sandbox.places";

/** The commands that the app declares, [{name, usage, description}], in whichever form the sandbox tells them. */
function readCommands(found) {
  const list = Array.isArray(found) ? found : Object.entries(found ?? {}).map(([name, entry]) => ({ command: name, ...entry }));
  return list
    .map((entry) => (typeof entry === "string" ? { command: entry } : entry))
    .filter((entry) => entry.command)
    .map((entry) => ({ name: entry.command, usage: entry.usage_hint ?? "", description: entry.description ?? "" }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Each person's last place, so that switching back shows what they had before them. */
function createPlaces() {
  const load = () => JSON.parse(sessionStorage.getItem(PLACES) ?? "{}");
  return {
    of: (user) => load()[user] ?? {},
    keep: (user, place, thread) => sessionStorage.setItem(PLACES, JSON.stringify({ ...load(), [user]: { place, thread } })),
  };
}

function start() {
  const store = createStore();
  const reading = createReading();
  const places = createPlaces();
  const notes = createNotes();
  let view = null;
  let settled = false;

  const page = {
    notes,
    view: () => view,
    render,
    go: (change) => (location.hash = formatRoute({ user: view.me.id, place: place(), thread: view.thread, ...change })),
    compose: (message) => (view.thread && (message.thread_ts === view.thread || message.ts === view.thread) ? thread : channel).edit(message),
    happened: (text) => hint.happened(text),
    botName: () => displayName(view.bot),
    isSettled: () => settled,
  };
  const deeds = createDeeds(page);
  const hint = createHint((text) => channel.fill(text));
  const shell = el("div", { class: "shell" });
  const showSidebar = (open) => shell.classList.toggle("sidebar-shown", open);
  const sidebar = createSidebar({ reading, close: () => showSidebar(false) });
  const channel = createChannel(deeds, notes, page, { hint, reading, openSidebar: () => showSidebar(true) });
  const thread = createThread(deeds, notes, page);
  const modal = createModal();
  const banner = el("p", { class: "banner", role: "status", hidden: true }, "The sandbox does not answer. Trying again …");
  const shade = el("div", { class: "shade", onclick: () => showSidebar(false) });
  shell.append(sidebar.node, shade, channel.node, thread.node);

  function place() {
    return view.tab === "home" ? "home" : view.channel?.id;
  }

  function currentRoute() {
    const route = parseRoute(location.hash);
    if (route.user && !route.place) return { user: route.user, ...places.of(route.user) };
    return route;
  }

  function render() {
    if (!store.state) return;
    view = resolveView(store.state, currentRoute());
    if (!view.me) return;
    shell.classList.toggle("thread-shown", Boolean(view.thread));
    hint.update(view);
    channel.update(view, readCommands(store.state.commands));
    thread.update(view);
    sidebar.update(view);
    modal.update(view);
    banner.hidden = store.online;
    document.title = `${view.channel?.is_im ? "" : "#"}${view.channel ? channelTitle(view.channel, view.names) : "Sandbox"} · ${displayName(view.me)} · Sandbox`;
    places.keep(view.me.id, place(), view.thread);
    settled = true;
  }

  store.subscribe(() => {
    banner.hidden = store.online;
    if (!store.state) return;
    reading.begin(store.state);
    render();
  });
  addEventListener("hashchange", () => {
    showSidebar(false);
    render();
  });
  addEventListener("storage", render);
  document.addEventListener("visibilitychange", render);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") showSidebar(false);
  });
  document.body.replaceChildren(banner, shell);
  store.refresh();
  store.listen();
}

start();
