// Block Kit -> DOM. A surface is {names, dispatch(block, element, state), form?}; `form` holds the values of a modal.
import { el, icon } from "./dom.js";
import { pictureOf, renderElement, renderText } from "./elements.js";
import { linkTo } from "./inline.js";
import { renderInput } from "./inputs.js";
import { renderMarkdown } from "./markdown.js";
import { renderRichText } from "./richtext.js";

function section(block, surface) {
  const main = el("div", { class: "section-main" });
  if (block.text) main.append(el("div", { class: "prose" }, renderText(block.text, surface.names)));
  if (block.fields?.length) {
    main.append(el("div", { class: "section-fields" }, block.fields.map((field) => el("div", { class: "prose" }, renderText(field, surface.names)))));
  }
  if (!block.accessory) return main;
  return [main, el("div", { class: "section-accessory" }, renderElement(block.accessory, block, surface))];
}

function header(block, { names }) {
  return el("p", { class: "block-heading", role: "heading", "aria-level": "2" }, renderText(block.text, names));
}

function contextElement(element, names) {
  if (element.type === "image") return pictureOf(element.image_url, element.alt_text, "picture-tiny");
  return el("span", { class: "prose" }, renderText(element, names));
}

function context(block, { names }) {
  return (block.elements ?? []).map((element) => contextElement(element, names));
}

function actions(block, surface) {
  return (block.elements ?? []).map((element) => renderElement(element, block, surface));
}

function image(block, { names }) {
  const caption = block.title ? el("figcaption", {}, renderText(block.title, names)) : null;
  return el("figure", {}, caption, pictureOf(block.image_url ?? block.slack_file?.url, block.alt_text, "picture"));
}

function cell(content, names) {
  if (content?.type === "rich_text") return renderRichText(content, names);
  if (content?.type === "raw_number") return String(content.text ?? content.value ?? "");
  return String(content?.text ?? "");
}

function row(cells, tag, settings, names) {
  const one = (content, index) =>
    el(tag, { class: `align-${settings[index]?.align ?? "left"}${settings[index]?.is_wrapped ? " wrapped" : ""}`, scope: tag === "th" ? "col" : null }, cell(content, names));
  return el("tr", {}, cells.map(one));
}

function table(block, { names }) {
  const [first, ...rest] = block.rows ?? [];
  const settings = block.column_settings ?? [];
  if (!first) return [];
  const body = el("tbody", {}, rest.map((cells) => row(cells, "td", settings, names)));
  return el("div", { class: "table-frame", tabindex: "0", role: "group", "aria-label": "Table" }, el("table", {}, el("thead", {}, row(first, "th", settings, names)), body));
}

function video(block, { names }) {
  return [
    el("div", { class: "prose" }, block.title_url ? linkTo(block.title_url, ...renderText(block.title, names)) : renderText(block.title, names)),
    pictureOf(block.thumbnail_url, block.alt_text, "picture"),
  ];
}

function alert(block, { names }) {
  return el("div", { class: `notice notice-${block.level ?? "default"}` }, icon("warning"), el("div", { class: "prose" }, renderText(block.text, names)));
}

function file(block) {
  return el("span", { class: "file" }, icon("file"), el("span", {}, block.external_id ?? "File"));
}

const TASK_SIGNS = { pending: "○", in_progress: "◐", complete: "✓", error: "✕" };

function taskText(part, names) {
  if (!part) return null;
  const content = typeof part === "string" ? renderMarkdown(part, names) : renderRichText(part, names);
  return el("div", { class: "prose task-detail" }, content);
}

function task(block, { names }) {
  const status = block.status ?? "pending";
  const sources = (block.sources ?? []).map((source) => linkTo(source.url, source.text ?? source.url));
  return el(
    "div",
    { class: `task task-${status}` },
    el("span", { class: "task-sign", role: "img", "aria-label": status.replace("_", " ") }, TASK_SIGNS[status] ?? "○"),
    el("div", {}, el("span", { class: "task-title" }, block.title ?? ""), taskText(block.details, names), taskText(block.output, names), el("div", { class: "task-sources" }, sources)),
  );
}

function plan(block, surface) {
  return [el("p", { class: "plan-title" }, block.title ?? ""), (block.tasks ?? []).map((one) => task(one, surface))];
}

function outline(block) {
  return el("details", { class: "outline" }, el("summary", {}, `Block “${block.type}”`), el("pre", { tabindex: "0" }, JSON.stringify(block, null, 2)));
}

const RENDERERS = {
  section,
  header,
  context,
  actions,
  image,
  table,
  video,
  alert,
  file,
  plan,
  task_card: task,
  context_actions: actions,
  divider: () => el("hr"),
  markdown: (block, { names }) => el("div", { class: "prose" }, renderMarkdown(block.text ?? "", names)),
  rich_text: (block, { names }) => el("div", { class: "prose" }, renderRichText(block, names)),
  input: renderInput,
};

function renderBlock(block, surface) {
  const known = RENDERERS[block.type];
  const content = known ? known(block, surface) : outline(block);
  return el("div", { class: `block block-${known ? block.type : "unknown"}`, "data-block": block.block_id ?? null }, content);
}

/** Blocks -> one node each */
export function renderBlocks(blocks, surface) {
  return blocks.map((block) => renderBlock(block, surface));
}
