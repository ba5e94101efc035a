// The app's Home tab: the view that the bot has published for this person.
import { post, sentence } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { el, showOnce } from "./dom.js";
import { sendAction } from "./modal.js";
import { displayName } from "./people.js";

/** -> {node, update(view)} */
export function createHome() {
  const node = el("section", { class: "home", "aria-label": "Home", tabindex: "-1" });
  let opened = null;

  function update(view) {
    node.hidden = view.tab !== "home";
    if (node.hidden) {
      opened = null;
      return;
    }
    if (opened !== view.me.id) {
      opened = view.me.id;
      post("home", { user: view.me.id });
    }
    const entry = view.state.homes?.[view.me.id] ?? null;
    showOnce(node, JSON.stringify([view.me.id, entry]), () => draw(entry, view));
  }

  return { node, update };
}

function draw(entry, view) {
  const definition = entry?.view ?? entry;
  if (!definition?.blocks) {
    return el("p", { class: "empty" }, `${displayName(view.bot)} has not published a Home for ${displayName(view.me)} yet.`);
  }
  const error = el("p", { class: "error-line", role: "alert" });
  const dispatch = async (block, element, state) => {
    const answer = await sendAction({ id: definition.id ?? entry.id, user: view.me.id }, block, element, state);
    error.textContent = answer.ok ? "" : sentence(answer);
  };
  return [el("div", { class: "home-blocks" }, renderBlocks(definition.blocks, { names: view.names, dispatch })), error];
}
