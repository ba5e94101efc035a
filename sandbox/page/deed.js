// What a person does to messages, and what the page itself has to say to them (answers and refusals).
import { post, sentence } from "./api.js";
import { createForm } from "./inputs.js";
import { actOf, bareValue } from "./options.js";

/** Lines that exist on this page only: commands that failed, and refusals by message. */
export function createNotes() {
  const failures = [];
  const errors = new Map();
  const forms = new Map();
  return {
    add: (note) => failures.push(note),
    drop: (note) => failures.splice(failures.indexOf(note), 1),
    of: (user, channelId) => failures.filter((note) => note.channel === channelId && note.ephemeral_to === user),
    setError: (key, text) => (text ? errors.set(key, text) : errors.delete(key)),
    /** What was chosen in the menus of a message, which outlives a redraw of it. */
    formOf: (key) => {
      if (!forms.has(key)) forms.set(key, createForm());
      return forms.get(key);
    },
    errorOf: (channelId, ts) => errors.get(`${channelId}/${ts}`) ?? null,
  };
}

function failureNote(view, text) {
  const ts = (Date.now() / 1000).toFixed(6);
  return { ts, user: view.bot?.id, channel: view.channel.id, ephemeral_to: view.me.id, text, local: true, failed: true };
}

/** page: {view(), render(), go(), notes, compose()}. -> the deeds */
export function createDeeds(page) {
  const { notes } = page;

  /** Run one call about a message; a refusal is shown at that message until the next try. */
  async function about(message, action, body) {
    const { me, channel } = page.view();
    const key = `${channel.id}/${message.ts}`;
    const answer = await post(action, { user: me.id, channel: channel.id, ts: message.ts, ...body });
    notes.setError(key, answer.ok ? null : sentence(answer));
    page.render();
    return answer;
  }

  function act(message, block, element, state) {
    return about(message, actOf(state), { action_id: element.action_id, block_id: block.block_id, value: bareValue(state) });
  }

  function surfaceOf(message, { names, channel, me }) {
    const ask = { user: me.id, channel: channel.id, ts: message.ts };
    return {
      names,
      form: notes.formOf(`${me.id}/${channel.id}/${message.ts}`),
      dispatch: (block, element, state) => act(message, block, element, state),
      suggest: (block, element, value) => post("suggest", { ...ask, action_id: element.action_id, block_id: block.block_id, value }),
    };
  }

  function dismiss(message) {
    if (!message.local) return about(message, "delete", {});
    notes.drop(message);
    page.render();
    return null;
  }

  async function say(text, thread) {
    const { me, channel } = page.view();
    const body = { user: me.id, channel: channel.id, text };
    const answer = await post("say", thread ? { ...body, thread_ts: thread } : body);
    return { ok: answer.ok, sentence: sentence(answer) };
  }

  /** The answer, private or not, arrives as a message. */
  async function command(text) {
    const view = page.view();
    const [, name, rest] = text.match(/^(\/\S*)\s*([\s\S]*)$/);
    const answer = await post("command", { user: view.me.id, channel: view.channel.id, command: name, text: rest, wait_s: 0 });
    if (!answer.ok) notes.add(failureNote(view, `\`${name}\` failed. ${sentence(answer)}`));
    page.render();
    return { ok: true };
  }

  return {
    surfaceOf,
    dismiss,
    say,
    command,
    react: (message, name, mine) => about(message, "react", { name, ...(mine ? { remove: true } : {}) }),
    edit: (message) => page.compose(message),
    change: async (message, text) => {
      const answer = await about(message, "edit", { text });
      return { ok: answer.ok, sentence: sentence(answer) };
    },
    remove: (message) => about(message, "delete", {}),
    stop: (message) => about(message, "stop", {}),
    shortcut: (message, id) => about(message, "shortcut", { callback_id: id }),
    openThread: (message) => page.go({ thread: message.thread_ts ?? message.ts }),
  };
}
