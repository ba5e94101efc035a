// Interactive elements where they act at once: in messages, in Home and in a modal's sections and actions.
import { el, icon } from "./dom.js";
import { confirmWith } from "./dialog.js";
import { makeControl } from "./controls.js";
import { plainNodes } from "./inline.js";
import { openMenu } from "./menu.js";
import { renderMrkdwn } from "./mrkdwn.js";
import { initialState } from "./options.js";

/** A text object -> nodes */
export function renderText(object, names) {
  if (!object) return [];
  return object.type === "mrkdwn" ? renderMrkdwn(object.text ?? "", names) : plainNodes(object.text ?? "", object.emoji !== false);
}

/** Ask where the element wants it, then act; the control is busy until the answer is there. */
async function act(control, surface, block, element, state) {
  if (control.getAttribute("aria-busy") === "true") return;
  if (element.confirm && !(await confirmWith(element.confirm, (text) => renderText(text, surface.names)))) return;
  control.setAttribute("aria-busy", "true");
  await surface.dispatch(block, element, state);
  control.removeAttribute("aria-busy");
}

function openAddress(address) {
  if (URL.canParse(address) && ["http:", "https:"].includes(new URL(address).protocol)) window.open(address, "_blank", "noopener,noreferrer");
}

function button(element, block, surface) {
  const style = element.style ? ` button-${element.style}` : "";
  const press = (event) => {
    if (element.url) openAddress(element.url);
    act(event.currentTarget, surface, block, element, { type: "button", value: element.value });
  };
  return el(
    "button",
    { class: `button${style}`, type: "button", "aria-label": element.accessibility_label ?? null, "data-action": element.action_id, onclick: press },
    plainNodes(element.text?.text ?? "", element.text?.emoji !== false),
  );
}

function overflow(element, block, surface) {
  const open = (event) => {
    const control = event.currentTarget;
    const entries = (element.options ?? []).map((option) => ({
      label: plainNodes(option.text?.text ?? ""),
      description: option.description?.text,
      choose: () => {
        if (option.url) openAddress(option.url);
        act(control, surface, block, element, { type: "overflow", selected_option: option });
      },
    }));
    openMenu(control, "More actions", entries);
  };
  return el("button", { class: "button button-square", type: "button", "aria-label": "More actions", "aria-haspopup": "menu", "aria-expanded": "false", onclick: open }, icon("dots"));
}

function feedback(element, block, surface) {
  const one = (choice, sign) =>
    choice && el(
      "button",
      { class: "button button-square", type: "button", "aria-label": choice.accessibility_label ?? choice.text?.text, title: choice.text?.text,
        onclick: (event) => act(event.currentTarget, surface, block, element, { type: element.type, value: choice.value }) },
      sign,
    );
  return el("span", { class: "button-pair" }, one(element.positive_button, "👍"), one(element.negative_button, "👎"));
}

function iconButton(element, block, surface) {
  const press = (event) => act(event.currentTarget, surface, block, element, { type: element.type, value: element.value });
  const attributes = { class: "button button-square", type: "button", "aria-label": element.accessibility_label ?? element.text?.text, title: element.text?.text };
  return el("button", { ...attributes, onclick: press }, icon(element.icon === "trash" ? "trash" : "dots"));
}

const LABELS = { datepicker: "Date", timepicker: "Time", datetimepicker: "Date and time", checkboxes: "Options", radio_buttons: "Options" };

function control(element, block, surface) {
  const name = element.placeholder?.text ?? LABELS[element.type] ?? "Select an option";
  const node = makeControl(element, {
    names: surface.names,
    state: surface.form?.read(block, element) ?? initialState(element),
    change: (state) => surface.form?.write(block, element, state),
    commit: (state) => act(node, surface, block, element, state),
    suggest: (text) => surface.suggest(block, element, text),
    clearable: false,
    aria: { "aria-label": name },
  });
  return node;
}

/** An image that the sandbox itself serves is shown; one from elsewhere is named, since the page loads nothing from outside. */
export function pictureOf(address, alt, className) {
  const local = URL.canParse(address ?? "", location.href) && new URL(address, location.href);
  if (local && (local.origin === location.origin || local.protocol === "data:")) {
    return el("img", { class: className, src: local.href, alt: alt ?? "", loading: "lazy" });
  }
  return el("span", { class: `${className} picture-away`, role: "img", "aria-label": alt || "Image", title: address ?? "" }, el("span", {}, alt || "Image", el("small", {}, local ? `not loaded from ${local.host}` : "without an address")));
}

const MAKERS = { button, overflow, feedback_buttons: feedback, icon_button: iconButton, workflow_button: button };

/** Any element of an actions block or an accessory -> node */
export function renderElement(element, block, surface) {
  if (element.type === "image") return pictureOf(element.image_url ?? element.slack_file?.url, element.alt_text, "picture-small");
  const made = MAKERS[element.type]?.(element, block, surface) ?? control(element, block, surface);
  return made ?? el("span", { class: "unknown-element" }, `[${element.type}]`);
}
