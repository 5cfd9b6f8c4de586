"""The templates that come with the house."""

from typing import Any

DAY = 24 * 3600
SHIPPED: dict[str, dict[str, Any]] = {
    "sale": {
        "title": "A sale",
        "description": "You sell what is yours, one thing or many: sealed bids, and who wins pays what its win costs "
        "the others; of one thing that is the second highest bid.",
        "mechanism": "multi_unit_vickrey",
        "side": "seller",
        "lots": 20,
        "disclosure": "pseudonymous",
        "longest_s": 6 * DAY,
    },
    "request": {
        "title": "A request",
        "description": "You ask, and say under seal what each attribute is worth to you; sellers answer with offers, "
        "each with its attributes and what they ask. The offer that leaves you most is taken, at a price that makes "
        "honest asks the best; what you would have paid stays sealed.",
        "mechanism": "scoring_auction",
        "params": {"pricing": "second_score"},
        "bounds": {"pricing": {"one_of": ["second_score", "first_score"]}},
        "side": "buyer",
        "longest_s": 6 * DAY,
    },
    "haggle": {
        "title": "A haggle",
        "description": "You and one other, whom you invite, make offers in turn until one accepts or walks away. "
        "Silence is a walk-away.",
        "mechanism": "alternating_offers",
        "params": {"answer_s": 600},
        "bounds": {
            "rounds": {"least": 1, "most": 200},
            "answer_s": {"least": 1, "most": DAY},
            "first": {"one_of": ["", "buyer", "seller"]},
            "after_reject": {"one_of": ["responder", "either"]},
        },
        "side": "either",
        "invited_only": True,
        "invitations": 1,
        "lots": 20,
        "longest_s": 6 * DAY,
    },
}
