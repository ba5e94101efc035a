// A list of messages: days, what is new, runs of one author; it stays at the end while its reader is there.
import { el, icon, showKeyed } from "./dom.js";
import { drawMessage } from "./message.js";
import { dateOf, dayName } from "./time.js";

const RUN_SECONDS = 300;
const NEAR_PX = 60;
const PAGE = 200;

/** deeds: see deed.js. -> {node, update({key, label, items, view, newFrom, lead})} */
export function createTimeline(deeds) {
  const older = el("button", { class: "button older", type: "button", hidden: true, onclick: () => showMore() }, "Show earlier messages");
  const lead = el("div", { class: "timeline-lead" });
  const list = el("div", { class: "timeline", role: "log", tabindex: "-1" });
  const scroller = el("div", { class: "timeline-scroll" }, older, lead, list);
  const jump = el("button", { class: "jump", type: "button", hidden: true, onclick: () => toEnd() }, icon("arrow"), "New messages");
  const node = el("div", { class: "timeline-frame" }, scroller, jump);
  let given = null;
  let limit = PAGE;
  let last = null;

  let held = true;
  let top = 0;

  const isAtEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX;
  const toEnd = () => {
    scroller.scrollTop = scroller.scrollHeight;
    jump.hidden = true;
    held = true;
  };

  function showMore() {
    const before = scroller.scrollHeight;
    limit += PAGE;
    draw();
    scroller.scrollTop += scroller.scrollHeight - before;
  }

  function draw() {
    const items = given.items.slice(-limit);
    older.hidden = items.length === given.items.length;
    lead.hidden = !older.hidden || !given.lead;
    if (given.lead) lead.replaceChildren(...given.lead);
    list.setAttribute("aria-label", given.label);
    showKeyed(list, withDividers(items, given).map((item) => listItem(item, given.view, deeds)));
    makeReachable(list);
  }

  function update(next) {
    const moved = given?.key !== next.key;
    const stay = moved || held;
    if (moved) limit = PAGE;
    given = next;
    draw();
    const newest = next.items.at(-1)?.message ?? null;
    const arrived = newest && newest.ts !== last && !moved;
    last = newest?.ts ?? null;
    if (stay || (arrived && newest.user === next.view.me.id)) toEnd();
    else if (arrived) jump.hidden = false;
  }

  scroller.addEventListener("scroll", () => {
    const up = scroller.scrollTop < top;
    top = scroller.scrollTop;
    if (isAtEnd()) {
      held = true;
      jump.hidden = true;
    } else if (up) held = false;
  });
  list.addEventListener("keydown", (event) => walk(event, list));
  // The frame shrinks when the composer grows, the list grows when a picture arrives: the end stays in sight.
  const keep = new ResizeObserver(() => held && toEnd());
  keep.observe(scroller);
  keep.observe(list);
  return { node, update };
}

function withDividers(items, { newFrom }) {
  const rows = [];
  let day = null;
  let previous = null;
  let marked = false;
  for (const item of items) {
    const today = dayName(dateOf(item.message.ts));
    if (today !== day) rows.push({ divider: today, key: `day-${today}` });
    const isNew = !marked && newFrom && item.message.ts > newFrom;
    if (isNew) rows.push({ divider: "New", key: "new", fresh: true });
    marked ||= isNew;
    const grouped = today === day && !isNew && belongs(item.message, previous);
    rows.push({ ...item, grouped });
    if (item.inThread && previous === null && items.length > 1) rows.push(repliesDivider(items.length - 1));
    day = today;
    previous = item.message;
  }
  return rows;
}

function repliesDivider(count) {
  return { divider: count === 1 ? "1 reply" : `${count} replies`, key: "replies", small: true };
}

function belongs(message, previous) {
  return (
    previous !== null &&
    previous.user === message.user &&
    Boolean(previous.ephemeral_to) === Boolean(message.ephemeral_to) &&
    !message.ephemeral_to &&
    Number.parseFloat(message.ts) - Number.parseFloat(previous.ts) < RUN_SECONDS
  );
}

function listItem(item, view, deeds) {
  if (item.divider) {
    const make = () => el("div", { class: `divider${item.fresh ? " divider-new" : ""}${item.small ? " divider-small" : ""}`, role: "separator", "aria-label": item.divider }, el("span", {}, item.divider));
    return { key: item.key, signature: item.divider, make };
  }
  const signature = view.names.version + JSON.stringify(item);
  return { key: item.message.ts, signature, make: () => drawMessage(item, view, deeds) };
}

/** One message is in the tab order; arrow keys walk the others. */
function makeReachable(list) {
  const messages = [...list.querySelectorAll(":scope > article")];
  const held = messages.find((message) => message.tabIndex === 0 && message !== messages.at(-1) && message.contains(document.activeElement));
  for (const message of messages) message.tabIndex = -1;
  const chosen = held ?? messages.at(-1);
  if (chosen) chosen.tabIndex = 0;
}

function walk(event, list) {
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  const messages = [...list.querySelectorAll(":scope > article")];
  const at = messages.indexOf(event.target);
  const next = messages[at + (event.key === "ArrowUp" ? -1 : 1)];
  if (at < 0 || !next) return;
  event.preventDefault();
  for (const message of messages) message.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}
