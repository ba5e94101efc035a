// Slack's views as dialogs: the newest of a person's open views is shown, the ones below it wait.
import { post, sentence } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { makeDialog } from "./dialog.js";
import { avatar } from "./people.js";
import { el } from "./dom.js";
import { plainNodes } from "./inline.js";
import { checkForm, collectValues, createForm, showErrors } from "./inputs.js";
import { actOf, bareValue } from "./options.js";

/** -> {update(view)}: keeps one dialog in step with state.views */
export function createModal() {
  const forms = new Map();
  const closed = new Set();
  let shown = null;

  function update(view) {
    const open = (view.state.views ?? []).filter((one) => one.user === view.me?.id && !closed.has(one.id));
    forget(view.state.views ?? []);
    const top = open.at(-1) ?? null;
    // What was filled in is kept here, so a change of the view's own `state` is no reason to draw it again.
    const signature = top && JSON.stringify([top.id, { ...top.view, state: null }]);
    if (shown?.signature === signature || (!shown && !top)) return;
    hide();
    if (top) shown = show(top, view, signature);
  }

  function forget(views) {
    const alive = new Set(views.map((one) => one.id));
    for (const id of forms.keys()) if (!alive.has(id)) forms.delete(id);
  }

  function hide() {
    shown?.dialog.close();
    shown?.dialog.remove();
    shown = null;
  }

  function show(entry, view, signature) {
    if (!forms.has(entry.id)) forms.set(entry.id, createForm());
    const form = forms.get(entry.id);
    const dialog = drawView(entry, view, form, () => dismiss(entry, view));
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("input, select, textarea, .dialog-body button")?.focus();
    return { dialog, signature };
  }

  async function dismiss(entry, view) {
    closed.add(entry.id);
    update(view);
    await post("close", { user: entry.user, view_id: entry.id });
  }

  return { update };
}

function drawView(entry, view, form, onDismiss) {
  const definition = entry.view;
  const error = el("p", { class: "error-line", role: "alert" });
  const dispatch = async (block, element, state) => {
    const answer = await sendAction(entry, block, element, state);
    error.textContent = answer.ok ? "" : sentence(answer);
  };
  const body = el("form", { class: "dialog-body view-body", novalidate: true }, renderBlocks(definition.blocks ?? [], { names: view.names, form, dispatch, suggest: suggestFor(entry) }), error);
  const hasInputs = (definition.blocks ?? []).some((block) => block.type === "input");
  const buttons = [el("button", { class: "button", type: "button", onclick: onDismiss }, plainNodes(definition.close?.text ?? "Cancel"))];
  if (definition.submit || hasInputs) {
    const send = el("button", { class: "button button-primary", type: "button" }, plainNodes(definition.submit?.text ?? "Submit"));
    const submit = () => submitView(entry, form, body, send, error);
    send.addEventListener("click", submit);
    body.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    body.append(el("button", { type: "submit", hidden: true }));
    buttons.push(send);
  }
  return makeDialog({ title: plainNodes(definition.title?.text ?? "Dialog"), body, buttons, onDismiss, lead: avatar(view.bot, "avatar-small") });
}

export function suggestFor(entry) {
  return (block, element, value) => post("suggest", { user: entry.user, view_id: entry.id, block_id: block.block_id, action_id: element.action_id, value });
}

async function submitView(entry, form, body, button, error) {
  if (button.getAttribute("aria-busy") === "true") return;
  error.textContent = "";
  const complaints = checkForm(entry.view, form);
  showErrors(body, complaints);
  if (Object.keys(complaints).length) return;
  button.setAttribute("aria-busy", "true");
  const answer = await post("submit", { user: entry.user, view_id: entry.id, values: collectValues(entry.view, form) });
  button.removeAttribute("aria-busy");
  if (answer.errors) showErrors(body, answer.errors);
  else if (!answer.ok) error.textContent = sentence(answer);
}

/** A click or a choice inside a view. */
export function sendAction(entry, block, element, state) {
  return post(actOf(state), { user: entry.user, view_id: entry.id, block_id: block.block_id, action_id: element.action_id, value: bareValue(state) });
}
