// What the composer offers while somebody types: /commands, @people, #channels, :emoji:
import { el } from "./dom.js";
import { findEmoji } from "./emoji.js";
import { avatar, displayName, titleOf } from "./people.js";

const LIMIT = 8;

/** How a person is written after an @ so that the sandbox finds them again: one word. */
function handleOf(user) {
  const name = displayName(user);
  return /^[A-Za-z][\w.-]*$/.test(name) ? name : user.name;
}

function commandsFor(part, { commands }) {
  return commands
    .filter((command) => command.name.startsWith(part))
    .map((command) => ({ insert: command.name, label: command.name, usage: command.usage, description: command.description }));
}

function peopleFor(part, { view }) {
  const wanted = part.slice(1).toLowerCase();
  const members = view.channel?.members ?? [];
  const users = view.names.users.filter((user) => [displayName(user), user.name].some((name) => name?.toLowerCase().startsWith(wanted)));
  const order = (user) => (user.id === view.bot?.id ? 0 : members.includes(user.id) ? 1 : 2);
  return users
    .sort((a, b) => order(a) - order(b))
    .map((user) => ({ insert: `@${handleOf(user)}`, label: displayName(user), description: user.is_bot ? "App" : titleOf(user), lead: avatar(user, "avatar-tiny") }));
}

function channelsFor(part, { view }) {
  const found = view.channels.filter((channel) => !channel.is_im && channel.name.startsWith(part.slice(1)));
  return found.map((channel) => ({ insert: `#${channel.name}`, label: `#${channel.name}`, description: channel.topic }));
}

function emojiFor(part) {
  return findEmoji(part.slice(1)).map(([name, sign]) => ({ insert: `:${name}:`, label: `:${name}:`, lead: el("span", { class: "emoji" }, sign) }));
}

const TRIGGERS = [
  [/^\/[\w-]*$/, commandsFor],
  [/(?<![\w@])@[\w.-]*$/, peopleFor],
  [/(?<![\w#&])#[\w-]*$/, channelsFor],
  [/(?<![\w:]):[a-z0-9_+-]{2,}$/, emojiFor],
];

/** (text before the caret, {view, commands}) -> {from, part, options} or null */
export function findCompletions(before, context) {
  for (const [pattern, source] of TRIGGERS) {
    const match = before.match(pattern);
    if (!match) continue;
    const options = source(match[0], context).slice(0, LIMIT);
    return options.length ? { from: match.index, part: match[0], options } : null;
  }
  return null;
}

let lists = 0;

/** The list over a textarea. -> {node, refresh(), close(), onKey(event) -> handled} */
export function createCompletion(field, getContext) {
  lists += 1;
  const id = `completion-${lists}`;
  const node = el("div", { class: "completion", role: "listbox", id, "aria-label": "Suggestions", hidden: true });
  let found = null;
  let chosen = 0;
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", id);

  function refresh() {
    const caret = field.selectionStart;
    found = caret === field.selectionEnd ? findCompletions(field.value.slice(0, caret), getContext()) : null;
    chosen = 0;
    draw();
  }

  function close() {
    found = null;
    draw();
  }

  function draw() {
    node.hidden = !found;
    node.replaceChildren(...(found ? found.options.map(optionNode) : []));
    if (found) field.setAttribute("aria-activedescendant", `${id}-${chosen}`);
    else field.removeAttribute("aria-activedescendant");
    node.children[chosen]?.scrollIntoView({ block: "nearest" });
  }

  function optionNode(option, index) {
    const choose = (event) => {
      event.preventDefault();
      accept(index);
    };
    return el(
      "div",
      { class: "completion-option", role: "option", id: `${id}-${index}`, "aria-selected": String(index === chosen), onpointerdown: choose },
      option.lead, el("strong", {}, option.label), option.usage ? el("code", {}, option.usage) : null,
      option.description ? el("span", {}, option.description) : null,
    );
  }

  function accept(index) {
    const text = `${found.options[index].insert} `;
    field.setRangeText(text, found.from, field.selectionStart, "end");
    field.dispatchEvent(new Event("input"));
    field.focus();
  }

  /** Enter sends what is already written out in full, and completes everything else. */
  function onKey(event) {
    if (!found) return false;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    const full = found.options[chosen].insert.toLowerCase() === found.part.toLowerCase();
    if (event.key in steps) {
      chosen = (chosen + steps[event.key] + found.options.length) % found.options.length;
      draw();
    } else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && !full)) accept(chosen);
    else if (event.key === "Escape") close();
    else return false;
    event.preventDefault();
    return true;
  }

  return { node, refresh, close, onKey };
}
