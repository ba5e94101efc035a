// Standard Markdown, as Slack's `markdown` block takes it. Small: headings, lists, quotes, code, tables, rules, inline.
import { el } from "./dom.js";
import { linkTo, scan, sharedRules } from "./inline.js";
import { preNode } from "./mrkdwn.js";

function delimited(pattern, tag) {
  return (text, index, context) => {
    pattern.lastIndex = index;
    const match = pattern.exec(text);
    if (!match) return null;
    if (match[0][0] === "_" && index > 0 && /\w/.test(text[index - 1])) return null;
    return { node: el(tag, {}, ...scan(match[1], { ...context, depth: context.depth + 1 })), end: index + match[0].length };
  };
}

function firstOf(...rules) {
  return (text, index, context) => {
    for (const rule of rules) {
      const hit = rule(text, index, context);
      if (hit) return hit;
    }
    return null;
  };
}

function bracketLink(text, index, context) {
  const pattern = /!?\[([^\]\n]*)\]\(([^)\s]+)(?: "[^"]*")?\)/y;
  pattern.lastIndex = index;
  const match = pattern.exec(text);
  if (!match) return null;
  const label = scan(match[1] || match[2], { ...context, depth: context.depth + 1 });
  return { node: linkTo(match[2], ...label), end: index + match[0].length };
}

function escaped(text, index) {
  if (!/[\\`*_{}[\]()#+\-.!~>|]/.test(text[index + 1] ?? "")) return null;
  return { node: document.createTextNode(text[index + 1]), end: index + 2 };
}

const RULES = {
  ...sharedRules,
  "\\": escaped,
  "[": bracketLink,
  "!": bracketLink,
  "*": firstOf(delimited(/\*\*(?=\S)([\s\S]*?\S)\*\*/y, "strong"), delimited(/\*(?=\S)([^*\n]*?\S)\*/y, "em")),
  _: firstOf(delimited(/__(?=\S)([\s\S]*?\S)__(?!\w)/y, "strong"), delimited(/_(?=\S)([^_\n]*?\S)_(?!\w)/y, "em")),
  "~": delimited(/~~(?=\S)([\s\S]*?\S)~~/y, "s"),
};

function inline(text, names) {
  return scan(text, { rules: RULES, names, depth: 0 });
}

const ITEM = /^(\s*)(?:([-*+])|(\d{1,9})[.)]) +(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** Each reader looks at lines[at] and answers [node, next] or null. */
function fence(lines, at) {
  const open = lines[at].match(/^\s*(```+|~~~+)/);
  if (!open) return null;
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(open[1])) end += 1;
  return [preNode(lines.slice(at + 1, end).join("\n")), end + 1];
}

function heading(lines, at, names) {
  const match = lines[at].match(/^(#{1,6}) +(.*?)#*$/);
  return match && [el("p", { class: `md-h md-h${match[1].length}`, role: "heading", "aria-level": Math.min(match[1].length + 1, 6) }, ...inline(match[2], names)), at + 1];
}

function rule(lines, at) {
  return /^\s*([-*_])(\s*\1){2,}\s*$/.test(lines[at]) ? [el("hr"), at + 1] : null;
}

function quote(lines, at, names) {
  let end = at;
  while (end < lines.length && /^\s*>/.test(lines[end])) end += 1;
  if (end === at) return null;
  const inner = lines.slice(at, end).map((line) => line.replace(/^\s*> ?/, ""));
  return [el("blockquote", {}, ...readBlocks(inner, names)), end];
}

function cells(line) {
  return line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim());
}

function table(lines, at, names) {
  if (!lines[at].includes("|") || !TABLE_RULE.test(lines[at + 1] ?? "")) return null;
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) end += 1;
  const row = (tag) => (line) => el("tr", {}, cells(line).map((cell) => el(tag, {}, ...inline(cell, names))));
  const body = el("tbody", {}, lines.slice(at + 2, end).map(row("td")));
  return [el("div", { class: "table-frame", tabindex: "0" }, el("table", {}, el("thead", {}, row("th")(lines[at])), body)), end];
}

function list(lines, at, names) {
  const first = lines[at].match(ITEM);
  if (!first) return null;
  const node = el(first[3] ? "ol" : "ul", first[3] ? { start: first[3] } : {});
  let end = at;
  while (end < lines.length) {
    const match = lines[end].match(ITEM);
    if (!match || match[1].length < first[1].length || (match[1].length < first[1].length + 2 && Boolean(match[3]) !== Boolean(first[3]))) break;
    if (match[1].length >= first[1].length + 2 && node.lastChild) {
      const [nested, next] = list(lines, end, names);
      node.lastChild.append(nested);
      end = next;
    } else {
      node.append(item(match[4], names));
      end += 1;
    }
  }
  return [node, end];
}

function item(text, names) {
  const task = text.match(/^\[([ xX])\] +(.*)$/);
  if (!task) return el("li", {}, ...inline(text, names));
  return el("li", { class: "md-task" }, task[1] === " " ? "☐ " : "☑ ", ...inline(task[2], names));
}

const READERS = [fence, heading, rule, quote, table, list];

function paragraph(lines, at, names) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !READERS.some((reader) => reader(lines, end, names))) end += 1;
  return [el("p", {}, ...inline(lines.slice(at, end).join("\n"), names)), end];
}

function readBlocks(lines, names) {
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at].trim()) {
      at += 1;
      continue;
    }
    const reader = READERS.find((candidate) => candidate(lines, at, names)) ?? paragraph;
    const [node, next] = reader(lines, at, names);
    nodes.push(node);
    at = next;
  }
  return nodes;
}

/** Markdown text -> block nodes */
export function renderMarkdown(text, names) {
  return readBlocks(text.split("\n"), names);
}
