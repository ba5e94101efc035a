// A small set of shortcodes; one that is not here stays as it was written.

const WORDS =
  "+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 heart ❤️ tada 🎉 rocket 🚀 fire 🔥 eyes 👀 wave 👋 pray 🙏 clap 👏 muscle 💪 " +
  "smile 😄 smiley 😃 grinning 😀 joy 😂 wink 😉 blush 😊 thinking_face 🤔 sweat_smile 😅 sob 😭 sunglasses 😎 robot_face 🤖 " +
  "slightly_smiling_face 🙂 slightly_frowning_face 🙁 upside_down_face 🙃 exploding_head 🤯 raised_hands 🙌 ok_hand 👌 point_right 👉 " +
  "white_check_mark ✅ heavy_check_mark ✔️ ballot_box_with_check ☑️ x ❌ heavy_multiplication_x ✖️ warning ⚠️ no_entry ⛔ " +
  "no_entry_sign 🚫 exclamation ❗ question ❓ bangbang ‼️ information_source ℹ️ bulb 💡 bell 🔔 no_bell 🔕 mega 📣 loudspeaker 📢 " +
  "rotating_light 🚨 construction 🚧 octagonal_sign 🛑 stop_sign 🛑 red_circle 🔴 large_orange_circle 🟠 large_yellow_circle 🟡 " +
  "large_green_circle 🟢 large_blue_circle 🔵 large_purple_circle 🟣 white_circle ⚪ black_circle ⚫ large_orange_diamond 🔶 " +
  "hourglass ⌛ hourglass_flowing_sand ⏳ stopwatch ⏱️ alarm_clock ⏰ clock1 🕐 calendar 📆 date 📅 spiral_calendar_pad 🗓️ " +
  "memo 📝 pencil 📝 pencil2 ✏️ page_facing_up 📄 clipboard 📋 bookmark 🔖 books 📚 book 📖 link 🔗 paperclip 📎 package 📦 " +
  "chart_with_upwards_trend 📈 chart_with_downwards_trend 📉 bar_chart 📊 mag 🔍 lock 🔒 unlock 🔓 key 🔑 shield 🛡️ " +
  "gear ⚙️ wrench 🔧 hammer 🔨 hammer_and_wrench 🛠️ toolbox 🧰 bug 🐛 test_tube 🧪 computer 💻 desktop_computer 🖥️ satellite 🛰️ " +
  "satellite_antenna 📡 electric_plug 🔌 battery 🔋 zap ⚡ boom 💥 sparkles ✨ star ⭐ star2 🌟 100 💯 trophy 🏆 medal 🏅 dart 🎯 " +
  "ship 🚢 anchor ⚓ sailboat ⛵ compass 🧭 traffic_light 🚦 checkered_flag 🏁 triangular_flag_on_post 🚩 flags 🎏 " +
  "recycle ♻️ repeat 🔁 arrows_counterclockwise 🔄 rewind ⏪ fast_forward ⏩ arrow_right ➡️ arrow_left ⬅️ arrow_up ⬆️ arrow_down ⬇️ " +
  "arrow_forward ▶️ double_vertical_bar ⏸️ black_square_for_stop ⏹️ heavy_plus_sign ➕ heavy_minus_sign ➖ leftwards_arrow_with_hook ↩️ " +
  "speech_balloon 💬 thought_balloon 💭 inbox_tray 📥 outbox_tray 📤 email 📧 phone ☎️ pager 📟 bust_in_silhouette 👤 " +
  "busts_in_silhouette 👥 seedling 🌱 coffee ☕ birthday 🎂 gift 🎁 sunny ☀️ rain_cloud 🌧️ snowflake ❄️ ghost 👻 skull 💀 ambulance 🚑 " +
  "fire_engine 🚒 put_litter_in_its_place 🚮 wastebasket 🗑️ file_folder 📁 label 🏷️ round_pushpin 📍 pushpin 📌 male-detective 🕵️ " +
  "one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣";
const TABLE = Object.fromEntries([...WORDS.matchAll(/(\S+) (\S+)/g)].map(([, name, sign]) => [name, sign]));

export const QUICK = ["+1", "white_check_mark", "eyes", "tada", "heart", "rocket", "thinking_face", "pray", "fire", "clap", "wave", "warning"];

/** "tada" -> "🎉", an unknown name -> null. Skin tones are dropped. */
export function emojiOf(name) {
  return TABLE[name.replace(/::skin-tone-\d$/, "")] ?? null;
}

/** "fi" -> [["fire", "🔥"], …], names that begin with it first */
export function findEmoji(part, limit = 8) {
  const hits = Object.entries(TABLE).filter(([name]) => name.includes(part));
  return hits.sort(([a], [b]) => Number(b.startsWith(part)) - Number(a.startsWith(part))).slice(0, limit);
}
