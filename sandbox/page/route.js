// Who looks at what, kept in the address: #/<person>/<channel or "home">/<thread>. Two tabs can be two people.

/** -> {user, place, thread}, each a string or null */
export function parseRoute(hash) {
  const parts = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  return { user: parts[0] || null, place: parts[1] || null, thread: parts[2] || null };
}

export function formatRoute({ user, place, thread }) {
  return `#/${[user, place, thread].filter(Boolean).map(encodeURIComponent).join("/")}`;
}

function isMember(channel, user) {
  return channel.members.includes(user);
}

function chooseUser(state, route) {
  const people = state.users.filter((user) => !user.is_bot);
  return people.find((user) => user.id === route.user) ?? people[0] ?? null;
}

function chooseChannel(channels, bot, place) {
  if (place === "home") return channels.find((channel) => channel.is_im && channel.members.includes(bot)) ?? null;
  return channels.find((channel) => channel.id === place) ?? channels.find((channel) => !channel.is_im) ?? channels[0] ?? null;
}

/** The state as one person sees it: {state, me, bot, people, channels, channel, tab, thread, names} */
export function resolveView(state, route) {
  const me = chooseUser(state, route);
  const bot = state.users.find((user) => user.id === state.bot?.user_id) ?? null;
  const channels = state.channels.filter((channel) => me && isMember(channel, me.id));
  const channel = chooseChannel(channels, bot?.id, route.place);
  const tab = route.place === "home" && channel ? "home" : "messages";
  const root = route.thread && channel?.messages.find((message) => message.ts === route.thread);
  const thread = root && tab === "messages" ? root.ts : null;
  const people = state.users.filter((user) => !user.is_bot);
  return { state, me, bot, people, channels, channel, tab, thread, names: nameTable(state, me) };
}

function nameTable(state, me) {
  const users = new Map(state.users.map((user) => [user.id, user]));
  const channels = new Map(state.channels.map((channel) => [channel.id, channel]));
  return {
    me: me?.id,
    user: (id) => users.get(id) ?? null,
    channel: (id) => channels.get(id) ?? null,
    users: state.users,
    channels: state.channels,
    version: JSON.stringify([me?.id, state.users, state.channels.map(({ id, name }) => [id, name])]),
  };
}
