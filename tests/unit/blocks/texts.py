"""Texts as people and machines send them: markup, entities, mentions, broken surrogates, piles of marks."""

from hypothesis import strategies as st

FRAGMENTS = [
    *("&", "<", ">", "&amp;", "&lt;!channel&gt;", "<!channel>", "<!here|here>", "<@U0LEAD>", "<#C0OPS|ops>"),
    *(
        "|",
        "<http://example.org|click me>",
        "@here",
        "@channel",
        "@Everyone",
        "```",
        "`",
        "*",
        "_",
        "~",
        "> ",
    ),
    *("\n", "\r\n", "\t", " ", "\u202e", "\u2066", "\x00", "\ud83d", "\u2028", "\u200b", "{}", "{0}", "%s"),
    *("👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "e\u0301", "❤️", "ß", "roll back checkout to v41"),
]

pieces = st.one_of(st.sampled_from(FRAGMENTS), st.text(st.characters(exclude_categories=()), max_size=12))
short_texts = st.builds("".join, st.lists(pieces, max_size=6))
texts = st.builds(
    lambda parts, times: "".join(parts) * times,
    st.lists(pieces, max_size=6),
    st.sampled_from([1, 3, 40, 700]),
)
