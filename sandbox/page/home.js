// The app's Home tab: the view that the bot has published for this person.
import { post, sentence } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { el, showOnce } from "./dom.js";
import { createForm } from "./inputs.js";
import { sendAction, suggestFor } from "./modal.js";
import { displayName } from "./people.js";

/** -> {node, update(view)} */
export function createHome() {
  const node = el("section", { class: "home", "aria-label": "Home", tabindex: "-1" });
  const forms = new Map();
  let opened = null;
  let tab = null;

  /** Tell the app that somebody looks; it may answer by publishing. */
  async function open(view) {
    opened = view.me.id;
    const answer = await post("home", { user: view.me.id });
    tab = answer.tab ?? "home";
    if (!node.hidden && opened === view.me.id) update(view);
  }

  function formOf(id) {
    if (!forms.has(id)) forms.set(id, createForm());
    return forms.get(id);
  }

  function update(view) {
    node.hidden = view.tab !== "home";
    if (node.hidden) {
      opened = null;
      return;
    }
    if (opened !== view.me.id) open(view);
    const home = view.state.homes?.[view.me.id] ?? null;
    showOnce(node, JSON.stringify([view.me.id, home, tab]), () => (home?.blocks ? draw(home, view, formOf(home.id)) : nothing(view, tab)));
  }

  return { node, update };
}

function nothing(view, tab) {
  const text = tab === "messages"
    ? `The manifest of ${displayName(view.bot)} has no Home tab (features.app_home.home_tab_enabled).`
    : `${displayName(view.bot)} has not published a Home for ${displayName(view.me)} yet.`;
  return el("p", { class: "empty" }, text);
}

function draw(home, view, form) {
  const entry = { id: home.id, user: view.me.id };
  const error = el("p", { class: "error-line", role: "alert" });
  const dispatch = async (block, element, state) => {
    const answer = await sendAction(entry, block, element, state);
    error.textContent = answer.ok ? "" : sentence(answer);
  };
  const surface = { names: view.names, form, dispatch, suggest: suggestFor(entry) };
  return [el("div", { class: "home-blocks" }, renderBlocks(home.blocks, surface)), error];
}
