// What both markup languages share: the scanner, Slack's <…> entities, links, code and emoji.
import { el } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { displayName } from "./people.js";
import { formatRoute } from "./route.js";
import { formatDate, fullTime } from "./time.js";

const CHARACTERS = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const SAFE = new Set(["http:", "https:", "mailto:", "tel:"]);
const MAX_DEPTH = 12;

/** Undo Slack's three escapes. */
export function decode(text) {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => CHARACTERS[entity]);
}

/** A link that opens elsewhere, or plain text where the address is not one we would follow. */
export function linkTo(address, ...content) {
  if (!URL.canParse(address) || !SAFE.has(new URL(address).protocol)) return el("span", {}, ...content);
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...content);
}

export function emojiNode(name) {
  const sign = emojiOf(name);
  if (!sign) return document.createTextNode(`:${name}:`);
  return el("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` }, sign);
}

export function userMention(id, names, label) {
  const mine = id === names.me ? " mention-me" : "";
  const user = names.user(id);
  return el("span", { class: `mention${mine}` }, `@${user ? displayName(user) : label || id}`);
}

export function channelMention(id, names, label) {
  const channel = names.channel(id);
  const text = `#${channel?.name ?? label ?? id}`;
  const visible = channel?.members.includes(names.me);
  if (!visible) return el("span", { class: "mention" }, text);
  return el("a", { class: "mention", href: formatRoute({ user: names.me, place: id }) }, text);
}

export function broadcast(range) {
  return el("span", { class: "mention mention-me" }, `@${range}`);
}

/** Slack's date: seconds, a format with {tokens}, an address or null, and what to show if it cannot be read. */
export function dateNode(seconds, format, address, fallback) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return document.createTextNode(fallback ?? "");
  const time = el("time", { datetime: date.toISOString(), title: fullTime(date) }, formatDate(date, format));
  return address ? linkTo(address, time) : time;
}

function command(body, label) {
  const [name, ...rest] = body.split("^");
  if (name === "date") return dateNode(rest[0], decode(rest[1] ?? "{date}"), rest[2], label);
  if (name === "subteam") return el("span", { class: "mention" }, label || `@${rest[0]}`);
  return broadcast(name);
}

/** The inside of <…>: a person, a channel, a broadcast, a date or an address. */
function entityNode(inner, names) {
  const bar = inner.indexOf("|");
  const body = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? null : decode(inner.slice(bar + 1));
  if (body.startsWith("@")) return userMention(body.slice(1), names, label);
  if (body.startsWith("#")) return channelMention(body.slice(1), names, label);
  if (body.startsWith("!")) return command(body.slice(1), label);
  return linkTo(decode(body), label || decode(body).replace(/^mailto:/, ""));
}

function matchAt(pattern, text, index) {
  pattern.lastIndex = index;
  return pattern.exec(text);
}

/** A rule looks at (text, index, context) and answers {node, end} or null; context is {names, rules, depth}. */
export const sharedRules = {
  "<": (text, index, { names }) => {
    const match = matchAt(/<([@#!][^<>\n]+|(?:https?|mailto|tel):[^<>\s|]+(?:\|[^<>\n]*)?)>/y, text, index);
    return match && { node: entityNode(match[1], names), end: index + match[0].length };
  },
  ":": (text, index) => {
    const match = matchAt(/:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/y, text, index);
    return match && emojiOf(match[1]) ? { node: emojiNode(match[1]), end: index + match[0].length } : null;
  },
  "`": (text, index) => {
    const match = matchAt(/(`+)(?!`)([^\n]*?[^\n`])\1(?!`)/y, text, index);
    return match && { node: el("code", {}, decode(match[2])), end: index + match[0].length };
  },
  h: (text, index) => {
    if (index > 0 && /[\w/]/.test(text[index - 1])) return null;
    const match = matchAt(/https?:\/\/[^\s<>|`]+[^\s<>|`.,;:!?)\]}'"*_~]/y, text, index);
    return match && { node: linkTo(decode(match[0]), decode(match[0])), end: index + match[0].length };
  },
};

/** Text -> nodes by rules keyed by the character that they begin with; everything else is text. */
export function scan(text, context) {
  const nodes = [];
  let plain = "";
  let index = 0;
  while (index < text.length) {
    const hit = context.depth < MAX_DEPTH ? context.rules[text[index]]?.(text, index, context) : null;
    if (!hit) {
      plain += text[index];
      index += 1;
      continue;
    }
    if (plain) nodes.push(document.createTextNode(decode(plain)));
    plain = "";
    nodes.push(hit.node);
    index = hit.end;
  }
  if (plain) nodes.push(document.createTextNode(decode(plain)));
  return nodes;
}

/** Plain text objects: emoji where they are allowed, and nothing else. */
export function plainNodes(text, withEmoji = true) {
  const rules = withEmoji ? { ":": sharedRules[":"] } : {};
  return scan(text, { rules, names: null, depth: 0 });
}
