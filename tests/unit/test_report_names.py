import re
from urllib.parse import quote, unquote

from hypothesis import given
from hypothesis import strategies as st

from nenuphar.report.names import page_names

SAFE = re.compile(r"^[A-Za-z0-9_%~][A-Za-z0-9._%~-]*$")
ids = st.lists(st.text(min_size=1, max_size=200), max_size=8)
alike = st.lists(st.text("aAbB.-~%/ ", min_size=1, max_size=6), max_size=20)


@given(ids | alike)
def test_names_are_safe_and_never_shared_even_where_case_does_not_count(patients):
    names = page_names(patients)
    assert set(names) == set(patients)
    assert len({name.lower() for name in names.values()}) == len(names)
    for name in names.values():
        assert SAFE.match(name)
        assert len(name) <= 120
        assert unquote(quote(name)) == name


def test_ordinary_ids_stand_as_they_are():
    ordinary = ["LNEN001", "TCGA-AB-1234", "8", "case_7.b"]
    assert page_names(ordinary) == {name: name for name in ordinary}


def test_other_characters_are_percent_encoded():
    names = page_names(["a/b", "../x", "é", "<i>", "-rf", "a b"])
    assert names["a/b"] == "a%2Fb"
    assert names["../x"] == "%2E.%2Fx"
    assert names["é"] == "%C3%A9"
    assert names["<i>"] == "%3Ci%3E"
    assert names["-rf"] == "%2Drf"
    assert names["a b"] == "a%20b"


def test_names_that_a_system_reserves_or_cannot_hold_carry_a_hash():
    names = page_names(["con", "NUL.x", "x" * 300, "y" * 299 + "1", "y" * 299 + "2"])
    assert all("~" in name for name in names.values())
    assert len(set(names.values())) == 5


def test_ids_that_differ_in_case_only_both_carry_a_hash():
    names = page_names(["Ab", "aB", "c"])
    assert names["c"] == "c"
    assert names["Ab"].startswith("Ab~")
    assert names["aB"].startswith("aB~")
