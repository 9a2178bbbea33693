"""HTML of a mail to the text that a person sees.

By selectolax (lexbor), which reads markup as browsers do: twice the speed of html.parser, which
besides takes quadratic time for unclosed comments and tags.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from jeeves.mail import conference

# An HTML mail that a person wrote is far smaller; Gmail itself shows only 102 kB.
_LONGEST = 2_000_000
# The HTML standard's algorithm takes quadratic time in the depth of the tree and in the
# attributes of one tag: 40,000 nested <div> keep lexbor busy for 7 s. What is larger than
# the first two numbers is looked at before it is parsed.
_UNCHECKED_TAGS = 4000
_UNCHECKED_LENGTH = 20_000
_DEEPEST = 500
_LONGEST_TAG = 5000

# Pictures inside the mail ("data:") are attributes of any length.
_LONG_TAG = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9]*)[^<>]{2000,}+>")
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)[^<>]*>?")
_TAG_OPENS = re.compile(r"<[a-zA-Z/]")
_STYLE = re.compile(r"<(style|script)\b[^<]*(?:<(?!/\1)[^<]*)*+(?:</\1[^<>]*>|\Z)", re.IGNORECASE)
# Tags that are rarely closed and do not nest in themselves.
_UNCLOSED = frozenset(
    (
        *("p", "li", "td", "th", "tr", "dt", "dd", "option", "br", "img", "hr", "input", "meta"),
        *("link", "col", "area", "base", "wbr", "source", "embed"),
    )
)

_INVISIBLE = ["style", "script", "title", "template", "noscript", "svg", "select", "textarea"]
# The text that newsletters show in the list of mails only, and the tricks that hide it.
# Searched in lower case: to disregard case takes several times as long.
_MAY_HIDE = re.compile(r"display|hidden|opacity|font-size:\s*0|max-height:\s*0")
_HIDING = ",".join(
    ["[hidden]"]
    + [
        f'[style*="{style}" i]'
        for style in (
            "display",
            "visibility",
            "opacity",
            "font-size:0",
            "font-size: 0",
            "max-height",
        )
    ]
)
_HIDES = re.compile(
    r"display:\s*none|visibility:\s*hidden|opacity:\s*0(?:\.0+)?\s*(?:;|!|$)", re.IGNORECASE
)
_NO_HEIGHT = re.compile(r"max-height:\s*0(?!\.?\d)", re.IGNORECASE)
_TINY = re.compile(r"font-size:\s*0(?:px|pt|em|%)?\s*(?:;|!|$)", re.IGNORECASE)
# Containers by which mail programs mark a quote without a blockquote.
_QUOTES = (
    'div[class*="yahoo_quoted"],#OLK_SRC_BODY_SECTION,div.zmail_extra,'
    "div.moz-cite-prefix,blockquote"
)
# What marks that a quote begins which goes on to the end, whatever language its head is in.
_HEADS = '#divRplyFwdMsg,div.moz-forward-container,div[style*="border-top" i]'
_OUTLOOK_HEAD = re.compile(r"border-top:\s*(?:solid|1(?:\.0)?pt\s+solid)", re.IGNORECASE)
_OUTLOOK_FIELDS = 3
_MOST_HEADS = 20
_SIGNATURES = (
    "div.gmail_signature,#Signature,#ms-outlook-mobile-signature,div.moz-signature,pre.moz-signature,"
    "div.protonmail_signature_block"
)
_MAY_SIGN = re.compile("(?:gmail|outlook-mobile|moz|protonmail)[-_]signature|id=.signature")
_HEAD, _SIGNATURE = "jeeves-head", "jeeves-signature"
# "Original Message" and "-- " are known to whoever reads the text.
_LINES = {_HEAD: "-----Original Message-----", _SIGNATURE: "--"}
_QUOTE_BEGINS, _QUOTE_ENDS = "jeeves-quote", "jeeves-unquote"
_HIDDEN_BEGINS, _HIDDEN_ENDS = "jeeves-hide", "jeeves-show"
# A blockquote without a border is Gmail's "indent more", not a quote.
_INDENTED = re.compile(r"border:\s*(?:none|0)\b", re.IGNORECASE)
_CONFERENCE_LINKS = ",".join(
    f'a[href*="{host}" i]' for host in (*conference.HOSTS, *conference.WRAPPERS)
)

# On HTML that lexbor wrote out, every attribute value is quoted and tags are in lower case.
_TOKEN = re.compile(r'<(?:(/?[a-z][^\s/>]*)(?:[^">]|"[^"]*")*|!--.*?--)>', re.DOTALL)
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre"])
_BLOCKS = frozenset(
    (
        *("div", "tr", "li", "table", "tbody", "thead", "tfoot", "section", "article", "header"),
        *("footer", "main", "aside", "nav", "address", "form", "fieldset", "dt", "dd", "center"),
        *("hr", "caption", "figure", "figcaption", "details", "summary", "blockquote"),
    )
)
_PREFORMATTED = re.compile(r"(<pre[^>]*>)(.*?)(</pre>)", re.DOTALL)
_ENTITIES = (("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_WIDTHLESS = str.maketrans("", "", "\u200b\u200c\u00ad\u034f\u2060\ufeff")


def to_text(html: str) -> str:
    """The visible text of ``html``: one line for each block, ``> `` before quoted lines.

    Style, script, comments and what is not displayed are left out. The addresses of video
    conferences are kept, since they are where to meet.
    """
    if len(html) > _UNCHECKED_LENGTH or html.count("<") > _UNCHECKED_TAGS:
        html = _LONG_TAG.sub(r"<\1>", html)[:_LONGEST]
        if _takes_too_long(html):
            return _flat(html)
    tree = LexborHTMLParser(html)
    body = tree.body
    if body is None:
        return ""
    tree.strip_tags(_INVISIBLE, recursive=True)
    # A selector costs as much as parsing: none is tried where it cannot match.
    lower = html.lower()
    if _MAY_HIDE.search(lower):
        for node in body.css(_HIDING):
            if _hidden(node):
                # Not removed: one may lie in another, and lexbor would free it twice.
                node.insert_before(tree.create_node(_HIDDEN_BEGINS))
                node.insert_after(tree.create_node(_HIDDEN_ENDS))
    if any(host in lower for host in (*conference.HOSTS, *conference.WRAPPERS)):
        for link in body.css(_CONFERENCE_LINKS):
            address = conference.link_in(link.attributes.get("href") or "")
            if address and address not in link.text():
                link.insert_after(f" {address} ")
    for quote in body.css(_QUOTES):
        if quote.tag != "blockquote" or not _INDENTED.search(quote.attributes.get("style") or ""):
            quote.insert_before(tree.create_node(_QUOTE_BEGINS))
            quote.insert_after(tree.create_node(_QUOTE_ENDS))
    if "border-top" in lower or "rplyfwdmsg" in lower or "moz-forward" in lower:
        head = next((node for node in body.css(_HEADS)[:_MOST_HEADS] if _is_head(node)), None)
        if head is not None:
            head.insert_before(tree.create_node(_HEAD))
    if _MAY_SIGN.search(lower):
        for signature in body.css(_SIGNATURES):
            signature.insert_before(tree.create_node(_SIGNATURE))
    return _lines(body.inner_html or "")


def _hidden(node: LexborNode) -> bool:
    style = node.attributes.get("style") or ""
    if "hidden" in node.attributes or _HIDES.search(style):
        return True
    if _NO_HEIGHT.search(style) and "overflow" in style.lower():
        return True
    # Of a container it only closes the gaps between what is in it.
    return _TINY.search(style) is not None and all(
        child.tag in ("-text", "br") for child in node.iter(include_text=True)
    )


def _is_head(node: LexborNode) -> bool:
    """Whether a quote begins with ``node``: Outlook draws a line above fields in bold."""
    style = node.attributes.get("style") or ""
    if "border-top" not in style.lower():
        return True
    return _OUTLOOK_HEAD.search(style) is not None and len(node.css("b")) >= _OUTLOOK_FIELDS


def _lines(html: str) -> str:
    """The lines of HTML as lexbor writes it out."""
    if "<pre" in html:
        html = _PREFORMATTED.sub(lambda m: m[1] + m[2].replace("\n", "<br>") + m[3], html)
    lines: list[str] = []
    pieces: list[str] = []  # of the line being filled
    prefix = ""
    hidden = 0

    def end_line(even_empty: bool = False) -> None:
        text = _plain("".join(pieces))
        pieces.clear()
        if text == "--" and lines and lines[-1] == prefix + text:
            return  # the mail's own delimiter, below ours
        if text or even_empty:
            lines.append(prefix + text)

    tokens = iter(_TOKEN.split(html))
    pieces.append(next(tokens))
    for tag in tokens:
        if tag == _HIDDEN_BEGINS:
            hidden += 1
        elif tag == _HIDDEN_ENDS:
            hidden -= 1
        elif hidden or tag is None:  # None is a comment
            pass
        elif tag == "br":
            end_line(even_empty=True)
        elif tag in ("td", "th"):
            pieces.append(" ")
        elif tag in _LINES:
            end_line()
            # Most mail programs write the line themselves.
            if not (lines and lines[-1].strip("> ") in ("--", _LINES[tag])):
                lines.append(prefix + _LINES[tag])
        elif tag == _QUOTE_BEGINS:
            end_line()
            prefix += "> "
        elif tag == _QUOTE_ENDS:
            end_line()
            prefix = prefix[2:]
        else:
            name = tag.removeprefix("/")
            if name in _BLOCKS:
                end_line()
            elif name in _PARAGRAPHS:
                end_line()
                if lines and lines[-1].strip("> "):
                    lines.append(prefix)
        text = next(tokens)
        if not hidden:
            pieces.append(text)
    end_line()
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Text between tags on one line, entities resolved (lexbor writes only these four)."""
    if "&" in text:
        for entity, character in _ENTITIES:
            text = text.replace(entity, character)
    if not text.isascii():
        text = text.translate(_WIDTHLESS)
    return " ".join(text.split())


def _takes_too_long(html: str) -> bool:
    """Whether some tag is too long or too many are open at once."""
    for piece in html.split(">"):
        if len(piece) > _LONGEST_TAG:
            opens = _TAG_OPENS.search(piece)
            if opens and len(piece) - opens.start() > _LONGEST_TAG:
                return True
    unclosed: dict[str, int] = {}
    depth = 0
    for tag in _ANY_TAG.finditer(html):
        name = tag[2].lower()
        if name in _UNCLOSED:
            continue
        count = unclosed.get(name, 0)
        if not tag[1]:
            unclosed[name] = count + 1
            depth += 1
        elif count:
            unclosed[name] = count - 1
            depth -= 1
        if depth > _DEEPEST:
            return True
    return False


def _flat(html: str) -> str:
    """The text between the tags, for documents that no mail program writes."""
    lines = map(_plain, _ANY_TAG.sub("\n", _STYLE.sub("", html)).split("\n"))
    return "\n".join(line for line in lines if line)
