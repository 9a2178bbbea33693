"""HTML becomes the text a person sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.mail.html import to_text
from jeeves.mail.quoting import own_words


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"),
        ("one<br>two", "one\ntwo"),
        ("<p>in<b>li</b>ne and <i>more</i>\n  text</p>", "inline and more text"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<pre>one\ntwo</pre>", "one\ntwo"),
        ("a &lt;b&gt; &amp;amp; c&nbsp;d &eacute; &#8364;", "a <b> &amp; c d é €"),
        ('<p title="a > b">x</p>', "x"),
        ("<p>x<!-- a > b <p>c</p> --></p>", "x"),
        ("<style>p{}</style><script>1<2</script><p>x</p><title>t</title>", "x"),
        ('<p>x</p><div style="color:red; DISPLAY: none">y</div>', "x"),
        ("<p>x</p><p hidden>z</p>", "x"),
        ('<a href="https://example.org/track">here</a>', "here"),
        ('<a href="https://us02web.zoom.us/j/1">Join</a>', "Join https://us02web.zoom.us/j/1"),
        ("<blockquote>a<br>b<blockquote>c</blockquote></blockquote>d", "> a\n> b\n> > c\nd"),
        ('<div class="yahoo_quoted">a</div>', "> a"),
        ('<blockquote style="margin:0 0 0 40px;border:none;padding:0">a</blockquote>', "a"),
        ("zero\u200bwidth", "zerowidth"),
        ("unclosed <b>tags <p>every<div>where", "unclosed tags\n\nevery\n\nwhere"),
        ("", ""),
        ("<frameset><frame></frameset>", ""),
    ],
)
def test_html_to_text(html: str, text: str) -> None:
    assert to_text(html).strip("\n") == text


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000 + "text",
        "<blockquote>" * 100_000 + "text",
        "<div></x>" * 100_000 + "text",
        "<div><table></div>" * 50_000 + "text",
        "<a " + " ".join(f"a{n}=1" for n in range(100_000)) + ">text",
        "<a title='<' " + " ".join(f"a{n}=1" for n in range(100_000)) + ">text",
        "".join(f'<font color="#{n:06x}">' for n in range(80_000)) + "text",
        "<!--" * 100_000 + "-->text",
        "<p>text" * 100_000,
        "<img src='data:image/png;base64," + "A" * 3_000_000 + "'>text",
    ],
    ids=range(10),
)
@pytest.mark.timeout(60)
def test_hostile_documents_come_back_with_their_text(html: str) -> None:
    # A tree parser takes minutes for them; there is no other assertion on time.
    assert "text" in to_text(html)


@given(st.text(alphabet=st.sampled_from("<>/=\"' abp!-&;\n"), max_size=200))
def test_no_markup_makes_it_fail(html: str) -> None:
    assert isinstance(to_text(html), str)


def test_own_words_of_html_replies_of_many_mail_programs(shared_data: Path) -> None:
    folder = shared_data / "data" / "mime" / "mailgun_talon" / "tests" / "fixtures"
    for path in sorted((folder / "html_replies").glob("*.html")):
        own = own_words(to_text(path.read_text("utf-8", "replace")))
        assert own.startswith("Hi. I am fine."), path.name
        assert "Hello! How are you?" not in own, path.name
        assert "Test message" not in own, path.name
