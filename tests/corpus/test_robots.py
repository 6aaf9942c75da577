"""robots.txt as RFC 9309 says: groups, the longest rule, * and $."""

import pytest

from zaohua.corpus.robots import NOTHING, Robots, robots_of

TEXT = b"""\xef\xbb\xbf# a site
User-agent: other
Disallow: /

User-agent: zaohua
User-agent: friend
Disallow: /private   # not this
Allow: /private/open
Disallow: /*.pdf$
Disallow: /caf%C3%A9
Crawl-delay: 2.5
Disallow:

User-agent: *
Disallow: /all
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True),
        ("/privat", True),
        ("/private", False),
        ("/private/x?y", False),
        ("/private/open/a", True),
        ("/a/b.pdf", False),
        ("/a/b.pdf?x", True),
        ("/café/", False),
        ("/all", True),
    ],
)
def test_the_longest_rule_decides(path, allowed):
    assert robots_of(TEXT, "zaohua").allow(f"https://example.org{path}") is allowed


def test_who_is_not_named_follows_the_rules_for_all():
    robots = robots_of(TEXT, "unnamed")
    assert not robots.allow("https://example.org/all/1")
    assert robots.allow("https://example.org/private")
    assert robots.delay == 0
    assert robots_of(TEXT, "zaohua").delay == 2.5
    assert not robots_of(TEXT, "other").allow("https://example.org/")


def test_no_rules_allow_all_and_missing_ones_nothing():
    assert Robots().allow("https://example.org/x")
    assert robots_of(b"\xff\xfe nonsense", "zaohua").allow("https://example.org/x")
    assert not NOTHING.allow("https://example.org/x")
