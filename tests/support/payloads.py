"""Texts that try to be more than text, and harmless ones of the same kinds.

What runs in a page sets `window.hit`, or asks a host for something.
"""

from __future__ import annotations

TEXTS = (
    "<script>window.hit=1</script>",
    "</script><script>window.hit=1</script>",
    '<img src=x onerror="window.hit=1">',
    '" onmouseover="window.hit=1" x="',
    "' autofocus onfocus='window.hit=1",
    "</title></head><body onload=window.hit=1>",
    "</figcaption></figure></article></main><h1>more</h1>",
    "--> <script>window.hit=1</script> <!--",
    "]]> <script>window.hit=1</script> <![CDATA[ x",
    "<svg onload=window.hit=1> <math><mi>",
    '<iframe src="javascript:parent.hit=1"></iframe>',
    "<style>body{display:none}</style><plaintext>",
    '<base href="//evil.example/"><link rel=stylesheet href=//evil.example/a.css>',
    '<meta http-equiv=refresh content="0;url=//evil.example/">',
    "javascript:window.hit=1",
    "data:text/html,<script>parent.hit=1</script>",
    "{{ site.title }} {{ page.content | upcase }} {{ '{{' }}",
    "{% include nothing.html %} {% raw %} {{- 1 -}}",
    "{%- endraw -%} {% for post in site.posts %}{{ post.url }}",
    "{{{ {{% {{ {% }} %} {%",
    "{{< ref >}} {{% nothing %}} {{</ ref >}} {{</* a */>}}",
    "{# Jinja #} {%- set a = 1 -%} {{ self }}",
    "---",
    "a: b # c",
    "!!python/object/apply:os.system {a: b}",
    "'single' \"double\" ''twice''",
    "- a | b | c",
    '{:.class} {: #id onclick="window.hit=1"} {::nomarkdown}',
    "# a, > b, 1. c",
    "@a %b &c =d ?e",
    "1e3",
    "1,000",
    "2015-09-08",
    "0x1F",
    "yes",
    "null",
    "~",
    ":symbol",
    "-- and --- and ... and (c)",
    "\u202eright to left\u202c \u200f 😀 e\u0301 \u00a0\u00ad",
    "<!-- more --> <?php exit; ?> <% x %> $(a) ${b}",
)
"""Texts with nothing in them that Markdown means anything by."""

CAPTIONS = (
    ("[a](javascript:window.hit=1)", "[a](https://example.org/)", "a"),
    ("[a](&#106;avascript:window.hit=1)", "[a](https://example.org/)", "a"),
    ("[a](java&Tab;script:window.hit=1 't')", "[a](https://example.org/ 't')", "a"),
    ('[a](https://example.org/x" onmouseover="window.hit=1)', "[a](https://example.org/)", "a"),
    ("[a](https://example.org/ 't\" onmouseover=\"window.hit=1')", "[a](https://example.org/ 't')", "a"),
    ("[{{ a }}](https://example.org/{{ site.url }}{% b %})", "[a](https://example.org/)", "{{ a }}"),
    ("**a** <b onclick=window.hit=1>b</b> {{ c }}", "**a** b", "a <b onclick=window.hit=1>b</b> {{ c }}"),
    ("`<script>window.hit=1</script> {% raw %}`", "`a`", "<script>window.hit=1</script> {% raw %}"),
    ("&lt;script&gt;window.hit=1&lt;/script&gt; &amp;lt;", "a", "<script>window.hit=1</script> &lt;"),
    (r"\<script>window.hit=1\</script> \{{ a }} \*b\*", "a", r"\<script>window.hit=1\</script> {{ a }} *b*"),
    ("<https://example.org/?a={{b}}>", "<https://example.org/>", "https://example.org/?a={{b}}"),
)
"""Captions in Markdown: a hostile one, a harmless one of the same structure, and how the hostile one reads."""

BENIGN = "Plain words"
