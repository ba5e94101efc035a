// Everything that a person can set: text fields, menus, pickers, check boxes. One maker per kind of element.
// A control is {node, focus}; `change(state)` is called with the element's new value in the form of `state.values`.
import { el, icon } from "./dom.js";
import { plainNodes } from "./inline.js";
import { placeAt } from "./menu.js";
import { renderMrkdwn } from "./mrkdwn.js";
import { bareValue, choiceGroups, FIELDS, SELECTS } from "./options.js";

let groups = 0;

function words(object, names) {
  return object?.type === "mrkdwn" ? renderMrkdwn(object.text, names) : plainNodes(object?.text ?? "");
}

function textField(element, context) {
  const kind = FIELDS[element.type];
  const tag = element.multiline ? "textarea" : "input";
  return el(tag, {
    class: "field",
    type: tag === "input" ? kind.input : null,
    inputmode: element.type === "number_input" ? (element.is_decimal_allowed ? "decimal" : "numeric") : null,
    rows: tag === "textarea" ? "4" : null,
    placeholder: element.placeholder?.text ?? null,
    maxlength: element.max_length ?? null,
    minlength: element.min_length ?? null,
    value: toField(element, bareValue(context.state)),
    oninput: (event) => context.change(fromField(element, event.target.value)),
    onchange: (event) => context.commit(fromField(element, event.target.value)),
    ...context.aria,
  });
}

function toField(element, value) {
  if (value === null || value === undefined) return "";
  if (element.type !== "datetimepicker") return String(value);
  const date = new Date(value * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function fromField(element, text) {
  const value = element.type === "datetimepicker" && text ? Math.floor(new Date(text).getTime() / 1000) : text;
  return { type: element.type, [FIELDS[element.type].state]: text === "" ? null : value };
}

function optionNode(choice, chosen) {
  return el("option", { value: choice.value, selected: choice.value === chosen }, choice.label);
}

function singleMenu(element, context) {
  const { state: field } = SELECTS[element.type];
  const chosen = bareValue(context.state);
  const all = choiceGroups(element, context.names);
  const flat = all.flatMap((group) => group.choices);
  const content = all.map((group) => {
    const options = group.choices.map((choice) => optionNode(choice, chosen));
    return group.label === null ? options : el("optgroup", { label: group.label }, options);
  });
  const empty = el("option", { value: "", selected: !chosen, disabled: !context.clearable }, element.placeholder?.text ?? "Select an option");
  const pick = (event) => {
    const choice = flat.find((candidate) => candidate.value === event.target.value);
    const state = { type: element.type, [field]: choice?.raw ?? null };
    context.change(state);
    context.commit(state);
  };
  return el("span", { class: "select" }, el("select", { onchange: pick, ...context.aria }, empty, content), icon("down"));
}

const PAUSE_MS = 200;

/** A menu whose options the app makes while somebody types. */
function externalMenu(element, context) {
  groups += 1;
  const list = el("datalist", { id: `suggestions-${groups}` });
  let choices = [element.initial_option].filter(Boolean);
  let timer = null;
  const ask = async (text) => {
    const answer = await context.suggest(text);
    choices = [...(answer.options ?? []), ...(answer.option_groups ?? []).flatMap((group) => group.options)];
    list.replaceChildren(...choices.map((option) => el("option", { value: option.text?.text ?? option.value })));
  };
  const pick = (event) => {
    const option = choices.find((candidate) => candidate.text?.text === event.target.value) ?? null;
    const state = { type: element.type, selected_option: option };
    context.change(state);
    if (option) context.commit(state);
  };
  const type = (event) => {
    clearTimeout(timer);
    if (event.target.value.length >= (element.min_query_length ?? 3)) timer = setTimeout(ask, PAUSE_MS, event.target.value);
  };
  const chosen = context.state.selected_option?.text?.text ?? "";
  const input = el("input", {
    class: "field", type: "text", autocomplete: "off", list: list.id, value: chosen, placeholder: element.placeholder?.text ?? "Type to search", oninput: type, onchange: pick, ...context.aria,
  });
  return el("span", { class: "select" }, input, list);
}

function manyText(element, flat, values) {
  if (!values.length) return element.placeholder?.text ?? "Select options";
  return flat.filter((choice) => values.includes(choice.value)).map((choice) => choice.label).join(", ");
}

function multiMenu(element, context) {
  const { state: field } = SELECTS[element.type];
  const flat = choiceGroups(element, context.names).flatMap((group) => group.choices);
  let values = bareValue(context.state) ?? [];
  const text = el("span", { class: "select-text" }, manyText(element, flat, values));
  const current = () => ({ type: element.type, [field]: flat.filter((choice) => values.includes(choice.value)).map((choice) => choice.raw) });
  const toggle = (choice, checked) => {
    values = checked ? [...values, choice.value] : values.filter((value) => value !== choice.value);
    text.textContent = manyText(element, flat, values);
    context.change(current());
  };
  const button = el("button", { class: "field select-many", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", ...context.aria }, text, icon("down"));
  button.addEventListener("click", () => openChecks(button, flat, () => values, toggle, () => context.commit(current())));
  return button;
}

function openChecks(button, choices, values, toggle, done) {
  const before = JSON.stringify(values());
  const panel = el("div", { class: "menu checks", popover: "auto", role: "group", "aria-label": "Choices" });
  for (const choice of choices) {
    const box = el("input", { type: "checkbox", checked: values().includes(choice.value), onchange: (event) => toggle(choice, event.target.checked) });
    panel.append(el("label", { class: "check" }, box, el("span", {}, choice.label)));
  }
  panel.addEventListener("toggle", (event) => {
    if (event.newState === "open") return;
    panel.remove();
    button.setAttribute("aria-expanded", "false");
    if (JSON.stringify(values()) !== before) done();
  });
  (button.closest("dialog") ?? document.body).append(panel);
  panel.showPopover();
  placeAt(panel, button);
  button.setAttribute("aria-expanded", "true");
  panel.querySelector("input")?.focus();
}

function checkRow(type, name, option, checked, context, onchange) {
  const input = el("input", { type, name, value: option.value, checked, onchange });
  const lines = [el("span", { class: "check-text" }, words(option.text, context.names))];
  if (option.description) lines.push(el("span", { class: "check-description" }, words(option.description, context.names)));
  return el("label", { class: "check" }, input, el("span", { class: "check-words" }, lines));
}

function checkGroup(element, context) {
  groups += 1;
  const name = `choice-${groups}`;
  const radio = element.type === "radio_buttons";
  const chosen = [bareValue(context.state)].flat();
  const rows = (element.options ?? []).map((option) =>
    checkRow(radio ? "radio" : "checkbox", name, option, chosen.includes(option.value), context, () => update()),
  );
  const group = el("div", { class: "check-group", role: radio ? "radiogroup" : "group", ...context.aria }, rows);
  const update = () => {
    const on = [...group.querySelectorAll("input:checked")].map((input) => input.value);
    const options = element.options.filter((option) => on.includes(option.value));
    const state = radio ? { type: element.type, selected_option: options[0] ?? null } : { type: element.type, selected_options: options };
    context.change(state);
    context.commit(state);
  };
  return group;
}

/** An element that holds a value -> its node, or null for kinds that hold none. `context`:
 *  {names, state, change(state), commit(state), suggest(text), clearable, aria: attributes that name the control} */
export function makeControl(element, context) {
  if (element.type === "radio_buttons" || element.type === "checkboxes") return checkGroup(element, context);
  if (FIELDS[element.type]) return textField(element, context);
  if (element.type === "external_select") return externalMenu(element, context);
  if (SELECTS[element.type]) return SELECTS[element.type].many ? multiMenu(element, context) : singleMenu(element, context);
  return null;
}
