// Faces and names.
import { el } from "./dom.js";

/** FNV-1a: ids that differ in their last letters get hues that lie far apart. */
function hueOf(id) {
  let hash = 0x811c9dc5;
  for (const letter of id) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return hash % 360;
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
