"""Slack's markup and Markdown as the page draws them, each text beside its DOM."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page

OpenPage = Callable[..., Awaitable[Page]]

DRAW = """
async ([file, name, text]) => {
    const users = { U1: { id: "U1", name: "ann" } };
    const channels = { C1: { id: "C1", name: "ops", members: [] } };
    const names = { me: "U9", user: (id) => users[id] ?? null, channel: (id) => channels[id] ?? null };
    const box = document.createElement("div");
    box.append(...(await import(`/page/${file}.js`))[name](text, names));
    for (const node of box.querySelectorAll("*"))
        for (const { name } of [...node.attributes]) if (name !== "href") node.removeAttribute(name);
    return box.innerHTML;
}
"""

MRKDWN = [
    ("*bold* _it_ ~no~", "<p><strong>bold</strong> <em>it</em> <s>no</s></p>"),
    ("*bold _both_*", "<p><strong>bold <em>both</em></strong></p>"),
    ("2 * 3 * 4, snake_case_name, a*b*c", "<p>2 * 3 * 4, snake_case_name, a*b*c</p>"),
    ("(*x*), *y*.", "<p>(<strong>x</strong>), <strong>y</strong>.</p>"),
    ("*over\nlines*", "<p>*over\nlines*</p>"),
    ("`*raw* &lt;b&gt;`", "<p><code>*raw* &lt;b&gt;</code></p>"),
    ("a\n```x *y*\n&amp;z```b", "<p>a</p><pre><code>x *y*\n&amp;z</code></pre><p>b</p>"),
    ("&gt; one\n> two\nthree", "<blockquote>one\ntwo</blockquote><p>three</p>"),
    ("&gt;&gt;&gt;all\n- of it", "<blockquote>all\n- of it</blockquote>"),
    ("• a\n- b\n1. c", "<ul><li>a</li><li>b</li></ul><ol><li>c</li></ol>"),
    (
        "<@U1> <@U2> <#C1|x> <!here>",
        "<p><span>@ann</span> <span>@U2</span> <span>#ops</span> <span>@here</span></p>",
    ),
    ("<https://a.example/?a=1&amp;b=2|*t*>", '<p><a href="https://a.example/?a=1&amp;b=2">*t*</a></p>'),
    ("see https://a.example/x_y.", '<p>see <a href="https://a.example/x_y">https://a.example/x_y</a>.</p>'),
    ("<javascript:alert(1)|click>", "<p>&lt;javascript:alert(1)|click&gt;</p>"),
    ("&lt;img src=x onerror=alert(1)&gt;", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"),
    (":tada: :no_such: 10:30:00", "<p><span>🎉</span> :no_such: 10:30:00</p>"),
    ("<!date^1700000000^{date_num} {time_secs}|x>", "<p><time>2023-11-14 23:13:20</time></p>"),
    ("<!date^soon^{date}|later>", "<p>later</p>"),
]

MARKDOWN = [
    ("# A **b**\ntext", "<p>A <strong>b</strong></p><p>text</p>"),
    ("*a* __b__ ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>"),
    ("[t](https://a.example) [x](javascript:1)", '<p><a href="https://a.example">t</a> <span>x</span></p>'),
    ("- a\n  - b\n- c", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
    ("3. a\n4. b", "<ol><li>a</li><li>b</li></ol>"),
    ("- [x] done", "<ul><li>☑ done</li></ul>"),
    ("> a\n> - b", "<blockquote><p>a</p><ul><li>b</li></ul></blockquote>"),
    ("```py\na < b\n```", "<pre><code>a &lt; b</code></pre>"),
    ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
    (
        "|a|b|\n|-|-|\n|1|*2*|",
        "<div><table><thead><tr><th>a</th><th>b</th></tr></thead>"
        "<tbody><tr><td>1</td><td><em>2</em></td></tr></tbody></table></div>",
    ),
    (r"\*a\* 2 * 3", "<p>*a* 2 * 3</p>"),
]


@pytest.mark.parametrize(
    ("file", "name", "rows"),
    [("mrkdwn", "renderMrkdwn", MRKDWN), ("markdown", "renderMarkdown", MARKDOWN)],
    ids=["mrkdwn", "markdown"],
)
async def test_markup(open_page: OpenPage, file: str, name: str, rows: list[tuple[str, str]]) -> None:
    page = await open_page()
    drawn = [(text, await page.evaluate(DRAW, [file, name, text])) for text, _ in rows]
    assert drawn == rows
