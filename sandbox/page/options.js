// The choices of menus, and the table of what each kind of element is called in Slack's `state.values`.
import { channelTitle, displayName } from "./people.js";

/** type -> {initial, state, many, source}: names of the fields that hold its first and its present value */
export const SELECTS = {};
for (const [name, noun, source] of [
  ["static_select", "option", "options"],
  ["external_select", "option", "external"],
  ["users_select", "user", "users"],
  ["conversations_select", "conversation", "conversations"],
  ["channels_select", "channel", "channels"],
]) {
  SELECTS[name] = { initial: `initial_${noun}`, state: `selected_${noun}`, many: false, source };
  SELECTS[`multi_${name}`] = { initial: `initial_${noun}s`, state: `selected_${noun}s`, many: true, source };
}

export const FIELDS = {
  plain_text_input: { initial: "initial_value", state: "value", input: "text" },
  email_text_input: { initial: "initial_value", state: "value", input: "email" },
  url_text_input: { initial: "initial_value", state: "value", input: "url" },
  number_input: { initial: "initial_value", state: "value", input: "text" },
  datepicker: { initial: "initial_date", state: "selected_date", input: "date" },
  timepicker: { initial: "initial_time", state: "selected_time", input: "time" },
  datetimepicker: { initial: "initial_date_time", state: "selected_date_time", input: "datetime-local" },
  radio_buttons: { initial: "initial_option", state: "selected_option" },
  checkboxes: { initial: "initial_options", state: "selected_options" },
};

function fromOption(option) {
  return { label: option.text?.text ?? option.value, description: option.description?.text, value: option.value, raw: option };
}

function ofOptions(element) {
  if (element.option_groups) {
    return element.option_groups.map((group) => ({ label: group.label?.text ?? "", choices: group.options.map(fromOption) }));
  }
  return [{ label: null, choices: (element.options ?? []).map(fromOption) }];
}

function plain(id, label) {
  return { label, value: id, raw: id };
}

function ofPeople(names) {
  return [{ label: null, choices: names.users.map((user) => plain(user.id, displayName(user))) }];
}

function ofChannels(names, withDirect) {
  const visible = names.channels.filter((channel) => channel.members.includes(names.me) && (withDirect || !channel.is_im));
  const choices = visible.map((channel) => plain(channel.id, (channel.is_im ? "" : "#") + channelTitle(channel, names)));
  return [{ label: null, choices }];
}

/** The groups of choices of a menu: [{label, choices: [{label, description, value, raw}]}] */
export function choiceGroups(element, names) {
  switch (SELECTS[element.type].source) {
    case "options":
      return ofOptions(element);
    case "users":
      return ofPeople(names);
    case "channels":
      return ofChannels(names, false);
    case "conversations":
      return ofChannels(names, true);
    default:
      return [{ label: null, choices: [element.initial_option, ...(element.initial_options ?? [])].filter(Boolean).map(fromOption) }];
  }
}

/** The value that an element has before anybody touches it, in the form of `state.values`. */
export function initialState(element) {
  const kind = SELECTS[element.type] ?? FIELDS[element.type];
  if (!kind) return { type: element.type };
  const empty = kind.many || element.type === "checkboxes" ? [] : null;
  return { type: element.type, [kind.state]: element[kind.initial] ?? empty };
}

/** The bare value of an element's state: a text, an id, an option's value, or a list of them. */
export function bareValue(state) {
  const [held] = Object.entries(state).filter(([name]) => name !== "type").map(([, value]) => value);
  const bare = (value) => (value && typeof value === "object" ? value.value : value);
  return Array.isArray(held) ? held.map(bare) : bare(held);
}

/** Which act of the hand a state belongs to. */
export function actOf(state) {
  return ["button", "icon_button", "feedback_buttons", "workflow_button"].includes(state.type) ? "click" : "select";
}

export function isEmpty(state) {
  const value = bareValue(state);
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}
