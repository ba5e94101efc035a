// Input blocks of modals, and the form that keeps their values while the view changes under them.
import { el } from "./dom.js";
import { renderText } from "./elements.js";
import { makeControl } from "./controls.js";
import { bareValue, initialState, isEmpty } from "./options.js";

let fields = 0;

/** The values of one open view, by block and action; what was typed survives an update of the view. */
export function createForm() {
  const values = new Map();
  const key = (block, element) => JSON.stringify([block.block_id, element.action_id, element.type]);
  return {
    read: (block, element) => values.get(key(block, element)) ?? initialState(element),
    write: (block, element, state) => values.set(key(block, element), state),
  };
}

/** An input block -> label, control, hint and the line for its error */
export function renderInput(block, surface) {
  fields += 1;
  const id = `field-${fields}`;
  const element = block.element ?? {};
  const wake = (state) => (block.dispatch_action ? surface.dispatch(block, element, state) : null);
  const control = makeControl(element, {
    names: surface.names,
    state: surface.form?.read(block, element) ?? initialState(element),
    change: (state) => surface.form?.write(block, element, state),
    commit: wake,
    suggest: (text) => surface.suggest(block, element, text),
    clearable: Boolean(block.optional),
    aria: { id: `${id}-control`, "aria-labelledby": `${id}-label`, "aria-describedby": `${id}-hint ${id}-error`, "aria-required": block.optional ? null : "true" },
  });
  const optional = block.optional ? el("span", { class: "optional" }, " (optional)") : null;
  return [
    el("label", { class: "input-label", id: `${id}-label`, for: `${id}-control` }, renderText(block.label, surface.names), optional),
    control ?? el("span", { class: "unknown-element" }, `[${element.type}]`),
    el("p", { class: "input-hint", id: `${id}-hint` }, block.hint ? renderText(block.hint, surface.names) : null),
    el("p", { class: "input-error", id: `${id}-error`, role: "alert" }),
  ];
}

function inputsOf(view) {
  return (view.blocks ?? []).filter((block) => block.type === "input" && block.element);
}

const PATTERNS = {
  email_text_input: [/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "Enter an email address."],
  url_text_input: [/^https?:\/\/\S+$/, "Enter an address that begins with https://."],
  number_input: [/^-?\d+(\.\d+)?$/, "Enter a number."],
};

function complaint(block, state) {
  if (isEmpty(state)) return block.optional ? null : "Complete this required field.";
  const value = bareValue(state);
  const [pattern, text] = PATTERNS[block.element.type] ?? [];
  if (pattern && !pattern.test(value)) return text;
  if (block.element.min_length && value.length < block.element.min_length) return `Enter at least ${block.element.min_length} characters.`;
  return null;
}

/** What a Slack client refuses before it asks the app: {block_id: sentence} */
export function checkForm(view, form) {
  const found = inputsOf(view).map((block) => [block.block_id, complaint(block, form.read(block, block.element))]);
  return Object.fromEntries(found.filter(([, text]) => text));
}

/** Every value of the view, {block_id: {action_id: state}}, elements of sections and actions included. */
export function collectValues(view, form) {
  const values = {};
  for (const block of view.blocks ?? []) {
    const elements = [block.element, block.accessory, ...(block.type === "actions" ? block.elements : [])];
    for (const element of elements.filter((one) => one?.action_id && Object.keys(initialState(one)).length > 1)) {
      values[block.block_id] ??= {};
      values[block.block_id][element.action_id] = form.read(block, element);
    }
  }
  return values;
}

/** Show {block_id: sentence} at the inputs of `body` and focus the first. */
export function showErrors(body, errors) {
  let first = null;
  for (const node of body.querySelectorAll(".block-input")) {
    const text = errors[node.dataset.block] ?? "";
    node.querySelector(".input-error").textContent = text;
    node.classList.toggle("has-error", Boolean(text));
    if (text) first ??= node;
  }
  first?.querySelector("input, select, textarea, button")?.focus();
}
