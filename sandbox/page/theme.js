// Light, dark, or as the system has it.
import { el, icon } from "./dom.js";

const KEY = "sandbox.theme";
const NEXT = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: "auto", light: "sun", dark: "moon" };

function current() {
  const theme = document.documentElement.dataset.theme;
  return theme in NEXT ? theme : "system";
}

function apply(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(KEY, theme);
}

/** A button that goes round: system, light, dark. (early.js has set the theme before the first paint.) */
export function createThemeButton() {
  const button = el("button", { class: "icon-button", type: "button" });
  const draw = () => {
    const label = `Theme: ${current()}. Change to ${NEXT[current()]}`;
    button.replaceChildren(icon(ICONS[current()]));
    button.setAttribute("aria-label", label);
    button.title = label;
  };
  button.addEventListener("click", () => {
    apply(NEXT[current()]);
    draw();
  });
  draw();
  return button;
}
