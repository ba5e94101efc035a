// A pop-up menu: opens at a button, arrow keys move, Escape and a click outside close.
import { el } from "./dom.js";

const GAP = 6;

/** entries: [{label, description?, lead?, checked?, href?, danger?, choose()}]; `checked` given makes it a choice */
export function openMenu(button, label, entries, { className = "", onClose } = {}) {
  const menu = el("div", { class: `menu ${className}`, role: "menu", "aria-label": label, popover: "auto" });
  const close = () => menu.hidePopover();
  menu.append(...entries.map((entry) => menuItem(entry, close)));
  menu.addEventListener("keydown", (event) => moveFocus(event, menu));
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "open") return;
    button.setAttribute("aria-expanded", "false");
    menu.remove();
    onClose?.();
  });
  (button.closest("dialog") ?? document.body).append(menu);
  menu.showPopover();
  placeAt(menu, button);
  button.setAttribute("aria-expanded", "true");
  (menu.querySelector("[aria-checked=true]") ?? menu.firstElementChild)?.focus();
  return menu;
}

function menuItem(entry, close) {
  const role = entry.checked === undefined ? "menuitem" : "menuitemradio";
  const attributes = {
    class: `menu-item${entry.danger ? " menu-danger" : ""}`,
    role,
    tabindex: "-1",
    "aria-checked": entry.checked === undefined ? null : String(entry.checked),
    "aria-label": entry.name ?? null,
    title: entry.title ?? null,
    onclick: (event) => {
      if (entry.href && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
      close();
      entry.choose?.();
    },
  };
  const words = [el("span", { class: "menu-label" }, entry.label)];
  if (entry.description) words.push(el("span", { class: "menu-description" }, entry.description));
  const content = [entry.lead, el("span", { class: "menu-words" }, words)];
  return entry.href ? el("a", { ...attributes, href: entry.href }, content) : el("button", { ...attributes, type: "button" }, content);
}

const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

function moveFocus(event, menu) {
  const items = [...menu.querySelectorAll("[role^=menuitem]")];
  const at = items.indexOf(document.activeElement);
  let next = null;
  if (event.key in STEPS) next = (at + STEPS[event.key] + items.length) % items.length;
  if (event.key === "Home") next = 0;
  if (event.key === "End") next = items.length - 1;
  if (event.key === "Tab") menu.hidePopover();
  if (next === null) return;
  event.preventDefault();
  items[next].focus();
}

/** Put a pop-up under `anchor`, or above it where there is more room, inside the window. */
export function placeAt(popup, anchor) {
  const at = anchor.getBoundingClientRect();
  const size = popup.getBoundingClientRect();
  const below = at.bottom + GAP + size.height <= innerHeight || at.top < innerHeight - at.bottom;
  const top = below ? at.bottom + GAP : at.top - GAP - size.height;
  const left = Math.min(at.left, innerWidth - size.width - GAP);
  popup.style.setProperty("left", `${Math.max(GAP, left)}px`);
  popup.style.setProperty("top", `${Math.max(GAP, top)}px`);
}
