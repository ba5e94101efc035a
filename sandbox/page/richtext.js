// The rich_text block: sections, lists, quotes, preformatted text.
import { el } from "./dom.js";
import { broadcast, channelMention, dateNode, emojiNode, linkTo, userMention } from "./inline.js";
import { preNode } from "./mrkdwn.js";

const STYLES = [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"]];

function leaf(element, names) {
  switch (element.type) {
    case "text":
      return document.createTextNode(element.text ?? "");
    case "link":
      return linkTo(element.url, element.text || element.url);
    case "user":
      return userMention(element.user_id, names);
    case "usergroup":
      return el("span", { class: "mention" }, `@${element.usergroup_id}`);
    case "channel":
      return channelMention(element.channel_id, names);
    case "emoji":
      return element.unicode ? document.createTextNode(unicode(element.unicode)) : emojiNode(element.name);
    case "broadcast":
      return broadcast(element.range);
    case "date":
      return dateNode(element.timestamp, element.format ?? "{date}", element.url, element.fallback);
    case "color":
      return el("span", {}, el("span", { class: "swatch", style: { background: element.value } }), element.value);
    default:
      return document.createTextNode(element.text ?? `[${element.type}]`);
  }
}

function unicode(points) {
  return points.split("-").map((point) => String.fromCodePoint(Number.parseInt(point, 16))).join("");
}

function styledLeaf(element, names) {
  let node = leaf(element, names);
  for (const [style, tag] of STYLES) if (element.style?.[style]) node = el(tag, {}, node);
  return node;
}

function leaves(element, names) {
  return (element.elements ?? []).map((part) => styledLeaf(part, names));
}

function listNode(element, names) {
  const tag = element.style === "ordered" ? "ol" : "ul";
  const items = (element.elements ?? []).map((part) => el("li", {}, leaves(part, names)));
  const attributes = { class: `indent-${Math.min(element.indent ?? 0, 8)}` };
  if (tag === "ol" && element.offset) attributes.start = element.offset + 1;
  return el(tag, attributes, items);
}

function part(element, names) {
  if (element.type === "rich_text_list") return listNode(element, names);
  if (element.type === "rich_text_quote") return el("blockquote", {}, leaves(element, names));
  if (element.type === "rich_text_preformatted") return preNode((element.elements ?? []).map((text) => text.text ?? text.url ?? "").join(""));
  return el("p", {}, leaves(element, names));
}

/** A rich_text block -> nodes */
export function renderRichText(block, names) {
  return (block.elements ?? []).map((element) => part(element, names));
}
