// How far each person has read, remembered by the browser, and what that leaves unread.

const KEY = "sandbox.read";

function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

export function isVisible(message, me) {
  return !message.ephemeral_to || message.ephemeral_to === me;
}

export function isReply(message) {
  return Boolean(message.thread_ts) && message.thread_ts !== message.ts;
}

/** What stands in the channel itself: everything but replies, though those that were also sent to the channel. */
export function inChannel(message) {
  return !isReply(message) || message.subtype === "thread_broadcast";
}

function newest(state) {
  let latest = "0";
  for (const channel of state.channels) {
    const ts = channel.messages.at(-1)?.ts ?? "0";
    if (ts > latest) latest = ts;
  }
  return latest;
}

/** -> {begin(state), lastRead(user, channel), mark(user, channel), unread(channel, view)} */
export function createReading() {
  const lastRead = (user, channelId) => {
    const marks = load();
    return marks[`${user}/${channelId}`] ?? marks.begin ?? "0";
  };

  /** What was there before the page was first opened counts as read. */
  function begin(state) {
    const marks = load();
    if (!marks.begin) localStorage.setItem(KEY, JSON.stringify({ begin: newest(state) }));
  }

  function mark(user, channel) {
    const ts = channel.messages.at(-1)?.ts;
    if (!ts || ts <= lastRead(user, channel.id)) return;
    localStorage.setItem(KEY, JSON.stringify({ ...load(), [`${user}/${channel.id}`]: ts }));
  }

  /** -> {count, loud}: loud where somebody means this person in particular */
  function unread(channel, { me }) {
    const since = lastRead(me.id, channel.id);
    let count = 0;
    let loud = false;
    for (let index = channel.messages.length - 1; index >= 0; index -= 1) {
      const message = channel.messages[index];
      if (message.ts <= since) break;
      if (message.user === me.id || !isVisible(message, me.id)) continue;
      const named = message.text?.includes(`<@${me.id}>`);
      if (!inChannel(message) && !named) continue;
      count += 1;
      loud ||= channel.is_im || named || /<!(here|channel|everyone)/.test(message.text ?? "");
    }
    return { count, loud };
  }

  return { begin, lastRead, mark, unread };
}
