// Faces and names.
import { el } from "./dom.js";

const HUES = [212, 268, 330, 12, 38, 152, 186, 290];

function hueOf(id) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
  return HUES[sum % HUES.length];
}

function initialsOf(name) {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  const letters = words.length > 1 ? words[0][0] + words[1][0] : (words[0] ?? "?")[0];
  return letters.toUpperCase();
}

export function displayName(user) {
  return user?.display_name || user?.real_name || user?.profile?.real_name || user?.name || user?.id || "Somebody";
}

/** What a person is, if the workspace says so ("tech lead"). */
export function titleOf(user) {
  return user?.title || user?.profile?.title || user?.role || "";
}

/** A coloured tile with initials; decoration, so hidden from screen readers. */
export function avatar(user, size = "") {
  const name = displayName(user);
  const classes = ["avatar", size, user?.is_bot ? "avatar-bot" : ""].filter(Boolean).join(" ");
  const text = user?.is_bot ? "⚓" : initialsOf(name);
  return el("span", { class: classes, "aria-hidden": "true", style: { "--hue": String(hueOf(user?.id ?? name)) } }, text);
}

/** The person at the other end of a direct message. */
export function partnerOf(channel, names) {
  const other = channel.members.find((id) => id !== names.me) ?? names.me;
  return names.user(other);
}

export function channelTitle(channel, names) {
  return channel.is_im ? displayName(partnerOf(channel, names)) : channel.name;
}
