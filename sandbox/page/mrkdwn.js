// Slack's own markup: *bold* _italic_ ~strike~ `code` ```pre``` > quote, lists, entities.
import { el } from "./dom.js";
import { decode, scan, sharedRules } from "./inline.js";

const BEFORE = /[\s([{'"*_~>–—:,.|/-]/;
const AFTER = /[\s)\]}'"*_~<.,;:!?–—|/-]/;

/** *bold*: opens after a space or a bracket, closes before one, never empty, never over a line's end. */
function styled(mark, tag) {
  return (text, index, context) => {
    if (index > 0 && !BEFORE.test(text[index - 1])) return null;
    if (/\s|^$/.test(text[index + 1] ?? "") || text[index + 1] === mark) return null;
    const end = closing(text, index + 1, mark);
    if (end < 0) return null;
    const inner = scan(text.slice(index + 1, end), { ...context, depth: context.depth + 1 });
    return { node: el(tag, {}, ...inner), end: end + 1 };
  };
}

function closing(text, from, mark) {
  for (let index = from; index < text.length && text[index] !== "\n"; index += 1) {
    if (text[index] === "`") index = Math.max(index, text.indexOf("`", index + 1));
    else if (text[index] === "<") index = Math.max(index, text.indexOf(">", index + 1));
    else if (text[index] === mark && !/\s/.test(text[index - 1]) && endsWord(text, index)) return index;
  }
  return -1;
}

function endsWord(text, index) {
  return index + 1 >= text.length || AFTER.test(text[index + 1]);
}

const RULES = { ...sharedRules, "*": styled("*", "strong"), _: styled("_", "em"), "~": styled("~", "s") };

/** One run of mrkdwn without block structure -> nodes */
export function inlineMrkdwn(text, names) {
  return scan(text, { rules: RULES, names, depth: 0 });
}

const LINE_KINDS = [
  ["rest", /^(?:>>>|&gt;&gt;&gt;) ?/],
  ["quote", /^(?:>|&gt;) ?/],
  ["bullet", /^\s*[•◦▪] +|^\s*- +/],
  ["number", /^\s*\d{1,3}\. +/],
];

function classify(line) {
  const found = LINE_KINDS.find(([, pattern]) => pattern.test(line));
  return found ? { kind: found[0], line, text: line.replace(found[1], "") } : { kind: "text", line, text: line };
}

/** Lines -> runs of one kind; a >>> swallows everything after it. */
function groupLines(text) {
  const groups = [];
  for (const line of text.split("\n")) {
    const last = groups.at(-1);
    const entry = last?.kind === "rest" ? { kind: "rest", line, text: line } : classify(line);
    if (last?.kind === entry.kind) last.entries.push(entry);
    else groups.push({ kind: entry.kind, entries: [entry] });
  }
  return groups;
}

function listNode(kind, entries, names) {
  const items = entries.map(({ text }) => el("li", {}, ...inlineMrkdwn(text, names)));
  if (kind === "bullet") return el("ul", {}, ...items);
  return el("ol", { start: Number.parseInt(entries[0].line.trim(), 10) }, ...items);
}

function groupNode({ kind, entries }, names) {
  const joined = entries.map(({ text }) => text).join("\n");
  if (kind === "quote" || kind === "rest") return el("blockquote", {}, ...inlineMrkdwn(joined, names));
  if (kind === "bullet" || kind === "number") return listNode(kind, entries, names);
  return joined.trim() || entries.length > 1 ? el("p", {}, ...inlineMrkdwn(joined, names)) : null;
}

export function preNode(text) {
  return el("pre", { tabindex: "0" }, el("code", {}, text));
}

/** A whole mrkdwn text -> block nodes */
export function renderMrkdwn(text, names) {
  const nodes = [];
  text.split(/```([\s\S]+?)```\n?/).forEach((part, index) => {
    if (index % 2) nodes.push(preNode(decode(part.replace(/^\n/, "").replace(/\n$/, ""))));
    else if (part.trim()) nodes.push(...groupLines(part.replace(/\n$/, "")).map((group) => groupNode(group, names)));
  });
  return nodes.filter(Boolean);
}
