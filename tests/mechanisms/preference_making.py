"""Random preferences and lots as JSON, and what they mean worked out the slow way, one bundle at a time."""

import itertools
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from math import ceil, floor

from hypothesis import strategies as st

CATEGORIES = {
    "thing/1": {
        "title": "A thing",
        "attributes": {
            "size": {"type": "number", "unit": "min", "places": 1},
            "at": {"type": "instant"},
            "until": {"type": "instant"},
            "opens": {"type": "time"},
            "day": {"type": "date"},
            "kind": {"type": "enum", "values": ["red", "green", "blue"]},
            "new": {"type": "boolean"},
            "has": {"type": "set", "values": ["x", "y", "z"]},
            "maker": {"type": "text"},
        },
    },
    "other/1": {"title": "Another", "attributes": {"day": {"type": "date"}, "kind": {"type": "text"}}},
}
SIZES = st.integers(0, 60).map(lambda n: n / 10)
INSTANTS = st.builds(
    lambda hours, offset: (
        datetime(2026, 12, 1, tzinfo=timezone(timedelta(hours=offset))) + timedelta(minutes=30 * hours)
    ).isoformat(),
    st.integers(0, 12),
    st.sampled_from([-5, 0, 2]),
)
VALUES = {
    "size": SIZES,
    "at": INSTANTS,
    "until": INSTANTS,
    "opens": st.integers(0, 4).map(lambda hour: f"{hour:02d}:00"),
    "day": st.integers(1, 4).map(lambda day: f"2026-12-{day:02d}"),
    "kind": st.sampled_from(["red", "green", "blue"]),
    "new": st.booleans(),
    "has": st.lists(st.sampled_from("xyz"), unique=True).map(sorted),
    "maker": st.sampled_from(["acme", "bolt", "cog"]),
}
ORDERED = ("size", "at", "opens", "day")


@st.composite
def lots(draw, most=5):
    found = []
    for n in range(draw(st.integers(0, most))):
        if draw(st.integers(0, 3)):
            names = draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True, min_size=5))
            attributes = {name: draw(VALUES[name]) for name in names}
            category = "thing/1"
        else:
            attributes, category = {"day": draw(VALUES["day"]), "kind": draw(st.sampled_from(["p", "q"]))}, "other/1"
        supply, reserve = draw(st.integers(1, 2)), draw(st.integers(0, 30))
        found.append(
            {"id": f"l{n}", "category": category, "supply": supply, "reserve": reserve, "attributes": attributes}
        )
    return found


@st.composite
def leaves(draw):
    name = draw(st.sampled_from([*sorted(VALUES), "at.time", "at.date", "clear"]))
    leaf = {"may_be_missing": True} if draw(st.integers(0, 3)) == 0 else {}
    if name == "clear":
        busy = [sorted([draw(INSTANTS), draw(INSTANTS)], key=datetime.fromisoformat) for _ in range(2)]
        margin = draw(st.sampled_from([0, 30]))
        return leaf | {"attribute": ["at", "until"], "clear_of": {"busy": busy, "margin_min": margin}}
    base = {"at.time": "opens", "at.date": "day"}.get(name, name)
    leaf["attribute"] = name
    if base == "has":
        operator = draw(st.sampled_from(["has", "has_any", "has_all"]))
        several = draw(st.lists(st.sampled_from("xyz"), min_size=1, unique=True))
        return leaf | {operator: several[0] if operator == "has" else several}
    operators = ["eq", "ne", "in"] + (["lt", "le", "gt", "ge", "between"] if base in ORDERED else [])
    operator = draw(st.sampled_from(operators))
    if operator == "in":
        return leaf | {"in": draw(st.lists(VALUES[base], min_size=1, max_size=3))}
    if operator == "between":
        pair = [draw(VALUES[base]), draw(VALUES[base])]
        ordered = pair if base == "opens" else sorted(pair, key=lambda value: plain(base, value))
        return leaf | {"between": ordered}
    return leaf | {operator: draw(VALUES[base])}


def conditions():
    return st.recursive(
        leaves(),
        lambda inner: st.one_of(
            st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda part: {"not": part}, inner),
        ),
        max_leaves=4,
    )


AMOUNTS = st.integers(-20, 60)


@st.composite
def terms(draw):
    term = {"when": draw(conditions())} if draw(st.booleans()) else {}
    form = draw(st.sampled_from(["flat", "rate", "points", "table", "set"]))
    if form != "flat" and draw(st.booleans()):
        term["may_be_missing"] = True
    if form == "flat":
        return term | {"add": draw(AMOUNTS)}
    if form == "rate":
        term |= {
            "attribute": "size",
            "add": draw(AMOUNTS),
            "per": draw(st.sampled_from([0.5, 1, 2])),
            "from": draw(SIZES),
        }
        if draw(st.booleans()):
            term["to"] = term["from"] + draw(st.integers(0, 3))
        return term | {"count": draw(st.sampled_from(["proportional", "complete", "started"]))}
    if form == "points":
        xs = sorted(draw(st.lists(SIZES, min_size=2, max_size=4, unique=True)))
        return term | {"attribute": "size", "points": [[x, draw(AMOUNTS)] for x in xs]}
    name = "has" if form == "set" else draw(st.sampled_from(["kind", "maker"]))
    keys = draw(st.lists(st.sampled_from("xyz") if form == "set" else VALUES[name], min_size=1, unique=True))
    amounts = st.one_of(AMOUNTS, st.none())
    return term | {"attribute": name, "table": {key: draw(amounts) for key in keys}, "otherwise": draw(amounts)}


@st.composite
def items(draw, category):
    must = draw(st.lists(conditions(), max_size=1)) if category == "thing/1" else []
    worth = {
        "base": draw(st.integers(0, 80)),
        "terms": draw(st.lists(terms(), max_size=2)) if category == "thing/1" else [],
    }
    item = {"category": category, "must": must, "worth": worth, "at_most": draw(st.integers(1, 2))}
    return item | ({"each_further": [draw(st.integers(-30, 0))]} if draw(st.booleans()) else {})


@st.composite
def preferences(draw):
    """Two items of one category or two, perhaps matched by day, perhaps worth more together."""
    made = {"one": draw(items("thing/1"))}
    want = {}
    if draw(st.booleans()):
        made["two"] = draw(items(draw(st.sampled_from(["thing/1", "other/1"]))))
        across = {
            "of": "one",
            "attribute": "day",
            draw(st.sampled_from(["eq", "le", "ne"])): {"of": "two", "attribute": "day"},
        }
        if draw(st.booleans()):
            want["across"] = [across]
        if draw(st.booleans()):
            want["together"] = [
                {"items": ["one", "two"], "add": draw(AMOUNTS), "when": [across] if draw(st.booleans()) else []}
            ]
        want["required"] = draw(st.lists(st.sampled_from(["one", "two"]), unique=True))
        want["at_most"] = draw(st.integers(max(1, len(want["required"])), 4))
    said = {"version": 1, "currency": "USD", "exponent": 0, "items": made, "want": want}
    said["reservation"] = draw(st.integers(0, 30))
    return said | ({"budget": draw(st.integers(20, 120))} if draw(st.integers(0, 3)) == 0 else {})


# --- the slow way ----------------------------------------------------------------------------------------------------


def plain(name, value):
    """A value as Python compares it."""
    if name in ("at", "until"):
        return datetime.fromisoformat(value)
    return Fraction(str(value)) if name == "size" else value


def value_of(attributes, name):
    base, _, part = name.partition(".")
    if base not in attributes:
        return None
    value = attributes[base]
    if part == "time":
        return value[11:16]
    return value[:10] if part == "date" else plain(base, value)


def meets(condition, attributes, negated=False):
    """Whether a lot meets a condition; what it lacks fails whether negated or not."""
    if isinstance(condition, list):
        return all(meets(one, attributes) for one in condition)
    if "not" in condition:
        return meets(condition["not"], attributes, not negated)
    for word in ("all", "any"):
        if word in condition:
            held = [meets(part, attributes, negated) for part in condition[word]]
            return all(held) if (word == "all") != negated else any(held)
    names = condition["attribute"] if isinstance(condition["attribute"], list) else [condition["attribute"]]
    values = [value_of(attributes, name) for name in names]
    if None in values:
        return condition.get("may_be_missing", False)
    return compares(condition, names[0], values) != negated


def compares(condition, name, values):
    value = values[0]
    if "clear_of" in condition:
        margin = timedelta(minutes=condition["clear_of"]["margin_min"])
        end = max(values[1], value + timedelta(milliseconds=1))
        spans = [[datetime.fromisoformat(edge) for edge in span] for span in condition["clear_of"]["busy"]]
        return not any(low - margin < end and value < high + margin for low, high in spans if low < high)
    (operator,) = set(condition) - {"attribute", "may_be_missing"}
    other = condition[operator]
    if operator == "has":
        return other in value
    if operator in ("has_any", "has_all"):
        return (any if operator == "has_any" else all)(one in value for one in other)
    if operator == "in":
        return value in [plain(name, one) for one in other]
    if operator == "between":
        low, high = (plain(name, one) for one in other)
        return low <= value <= high if low <= high else value >= low or value <= high
    other = plain(name, other)
    return {
        "eq": value == other, "ne": value != other, "lt": value < other if operator == "lt" else None,
        "le": value <= other if operator == "le" else None, "gt": value > other if operator == "gt" else None,
        "ge": value >= other if operator == "ge" else None,
    }[operator]  # fmt: skip


def worth_of(worth, attributes):
    """Units, or None where it cannot be said."""
    total = worth["base"]
    for term in worth["terms"]:
        if "when" in term and not meets(term["when"], attributes):
            continue
        amount = amount_of(term, attributes)
        if amount is None:
            return None
        total += amount
    return total


def amount_of(term, attributes):
    if "attribute" not in term:
        return term["add"]
    value = value_of(attributes, term["attribute"])
    if value is None:
        return 0 if term.get("may_be_missing") else None
    if "table" in term:
        keys = value if isinstance(value, list) else [value]
        members = "xyz" if isinstance(value, list) else keys
        found = [term["table"].get(key, term["otherwise"]) for key in members if key in keys]
        return None if None in found else sum(found)
    if "points" in term:
        return floor(on_curve([(plain("size", x), y) for x, y in term["points"]], value))
    low = plain("size", term["from"])
    beyond = max(Fraction(0), min(value, plain("size", term.get("to", 10**6))) - low) / plain("size", term["per"])
    whole = {"proportional": beyond, "complete": floor(beyond), "started": ceil(beyond)}[term["count"]]
    return floor(term["add"] * whole)


def on_curve(points, x):
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x < x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[-1][1]


def bundles_of(preference, lots):
    """Every bundle with its best worth beyond walking away, over all choices of units for items."""
    admitted = {
        name: [
            (lot, worth_of(item["worth"], lot["attributes"]))
            for lot in lots
            if lot["category"] == item["category"] and meets(item["must"], lot["attributes"])
        ]
        for name, item in preference["items"].items()
    }
    choices = {
        name: [
            units
            for count in range(preference["items"][name]["at_most"] + 1)
            for units in itertools.combinations_with_replacement([one for one in rows if one[1] is not None], count)
        ]
        for name, rows in admitted.items()
    }
    found = {}
    for picked in itertools.product(*choices.values()):
        chosen = dict(zip(choices, picked, strict=True))
        bundle, value = priced(preference, chosen)
        if bundle and value > 0:
            found[bundle] = max(value, found.get(bundle, value))
    return found


def priced(preference, chosen):
    """(bundle, value) of a choice of units, or (None, 0) where it is not wanted."""
    want, count, value = preference["want"], {}, -preference["reservation"]
    for name, units in chosen.items():
        for n, (lot, worth) in enumerate(units):
            count[lot["id"]] = count.get(lot["id"], 0) + 1
            further = preference["items"][name].get("each_further", [0])
            value += worth + (further[min(n, len(further)) - 1] if n else 0)
            if count[lot["id"]] > lot["supply"]:
                return None, 0
    missing = any(not chosen[name] for name in want.get("required", []))
    if missing or sum(count.values()) > want.get("at_most", 99):
        return None, 0
    pairs = [(one, two) for one in chosen["one"] for two in chosen.get("two", ())]
    if not all(across(one, mine[0], yours[0]) for one in want.get("across", []) for mine, yours in pairs):
        return None, 0
    for together in want.get("together", []):
        if any(all(across(one, mine[0], yours[0]) for one in together["when"]) for mine, yours in pairs):
            value += together["add"]
    return tuple(sorted(count.items())), value


def across(condition, mine, yours):
    left, right = mine["attributes"].get("day"), yours["attributes"].get("day")
    if left is None or right is None:
        return False
    return left == right if "eq" in condition else left <= right if "le" in condition else left != right
