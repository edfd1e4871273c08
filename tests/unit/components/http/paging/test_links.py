"""The Link header: every form that RFC 8288 allows, and those that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.components.http.paging.links import BadLink, Link, parsed_links

U = "https://a.example/x?p=2"


@pytest.mark.parametrize(
    "header",
    [
        f'<{U}>; rel="next"',
        f"<{U}>;rel=next",
        f"<{U}> ; rel = next",
        f'<{U}>; title="a=b"; rel="next"',
        f'<{U}>; title="x; y, z"; rel="next"',
        f'<{U}>; title="say \\"; rel=prev\\", <b>"; rel="next"',
        f"<{U}>; title*=UTF-8''a%20b; rel=next",
        f'<{U}>; Rel="next"',
        f'<{U}>; REL="NEXT"',
        f'<{U}>; rel="start  next\tlast"',
        f'<{U}>; rel="next"; rel="prev"',
        f'</z>; rel="prev", <{U}>; rel="next"',
        f'</z>; rel=prev,<{U}>; rel=next,</y>; rel="last"',
        f", ,<{U}>; rel=next, ",
        f'<{U}>; crossorigin; rel="next"',
        f'<{U}>;; rel="next";',
        f'< {U} >; rel="next https://a.example/rels/more"',
    ],
)
def test_the_next_link_is_found_in_every_form(header: str) -> None:
    assert [link.target for link in parsed_links([header]) if "next" in link.rels] == [U]


def test_addresses_hold_anything_but_their_end() -> None:
    header = '<https://a.example/x?fields=a;b,c&q="r; rel=prev"&e==>; rel="next", </y;v=1,2>; rel=last'
    assert parsed_links([header]) == [
        Link('https://a.example/x?fields=a;b,c&q="r; rel=prev"&e==', ("next",)),
        Link("/y;v=1,2", ("last",)),
    ]


def test_links_of_several_headers_and_with_another_context() -> None:
    links = parsed_links(['</a>; rel=next; anchor="#part"', "</b>; rel=next", "", "</c>"])
    assert links == [Link("/a", ("next",), "#part"), Link("/b", ("next",)), Link("/c", ())]


@pytest.mark.parametrize(
    "header",
    [U, f"<{U}; rel=next", f'<{U}>; rel="next', f'<{U}> rel="next"', f"rel=next; <{U}>", f'<{U}>; rel="next" x, </a>'],
)
def test_a_broken_header_is_told_and_not_taken_for_none(header: str) -> None:
    with pytest.raises(BadLink, match="at character"):
        parsed_links([header])


words = st.text(st.sampled_from("abz09-."), min_size=1, max_size=6)
quoted = st.text(st.sampled_from('ab ;,=<>"\\/'), max_size=8)


@given(
    st.lists(
        st.tuples(
            st.text(st.sampled_from("ab/?;,=&\"'"), max_size=10).map(str.strip),
            st.lists(words, min_size=1, max_size=3),
            st.dictionaries(st.sampled_from(["title", "type", "hreflang", "Media", "x"]), quoted, max_size=3),
            st.booleans(),
        ),
        max_size=4,
    )
)
def test_what_is_written_is_read(links: list[tuple[str, list[str], dict[str, str], bool]]) -> None:
    # GIVEN links with any parameters before or after their relations
    def write(link: tuple[str, list[str], dict[str, str], bool]) -> str:
        target, rels, more, first = link
        rel = f'Rel="{" ".join(rels)}"'
        others = [
            '{}="{}"'.format(name, value.replace("\\", "\\\\").replace('"', '\\"')) for name, value in more.items()
        ]
        return "; ".join([f"<{target}>", *([rel, *others] if first else [*others, rel])])

    # WHEN they are one header, or a header each
    together, apart = parsed_links([", ".join(map(write, links))]), parsed_links(map(write, links))
    # THEN targets and relations are those
    assert together == apart == [Link(target, tuple(rels)) for target, rels, _, _ in links]
