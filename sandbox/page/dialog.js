// Modal windows of the page: the frame that Slack's views use too, and the confirm dialog.
import { el, icon } from "./dom.js";
import { plainNodes } from "./inline.js";

let count = 0;

/** A named <dialog> with a title bar and a foot. `onDismiss` hears Escape and the cross. */
export function makeDialog({ title, body, buttons, className = "", onDismiss, lead = null }) {
  count += 1;
  const id = `dialog-title-${count}`;
  const dialog = el("dialog", { class: `dialog ${className}`, "aria-labelledby": id });
  const cross = el("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: onDismiss }, icon("close"));
  const head = el("header", { class: "dialog-head" }, lead, el("h2", { id }, title), cross);
  dialog.append(head, body, el("footer", { class: "dialog-foot" }, buttons));
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    onDismiss();
  });
  return dialog;
}

function textOf(object) {
  return plainNodes(object?.text ?? "");
}

/** Ask a confirm object ({title, text, confirm, deny, style}) -> Promise of true or false */
export function confirmWith(confirm, renderText) {
  return new Promise((resolve) => {
    const finish = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    const yes = el(
      "button",
      { class: `button ${confirm.style === "danger" ? "button-danger" : "button-primary"}`, type: "button", onclick: () => finish(true) },
      confirm.confirm ? textOf(confirm.confirm) : "Yes",
    );
    const no = el("button", { class: "button", type: "button", onclick: () => finish(false) }, confirm.deny ? textOf(confirm.deny) : "Cancel");
    const dialog = makeDialog({
      title: confirm.title ? textOf(confirm.title) : "Are you sure?",
      body: el("div", { class: "dialog-body" }, confirm.text ? renderText(confirm.text) : null),
      buttons: [no, yes],
      className: "dialog-small",
      onDismiss: () => finish(false),
    });
    document.body.append(dialog);
    dialog.showModal();
    yes.focus();
  });
}
