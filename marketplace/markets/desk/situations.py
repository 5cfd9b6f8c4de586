"""Rules by the situation that calls for them, each with what it gives up: what an operator chooses from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """A rule that fits, why one would take it, and what it gives up."""

    slug: str
    good: str
    gives_up: str


@dataclass(frozen=True)
class Situation:
    """What an operator has before her, in her words."""

    title: str
    example: str
    choices: tuple[Choice, ...]


SITUATIONS = (
    Situation(
        "One thing for sale",
        "a room, a domain name, a painting",
        (
            Choice(
                "second_price",
                "To bid one's value is best, whatever the others do.",
                "Revenue: the winner pays less than it bid.",
            ),
            Choice("first_price", "Everybody understands it.", "Bidders must guess the others: truth does not pay."),
        ),
    ),
    Situation(
        "Many alike",
        "fifty seats, a hundred tonnes, advertising slots",
        (
            Choice("multi_unit_vickrey", "To bid one's values is best.", "One price: each winner pays its own."),
            Choice("uniform_price", "One price for all.", "Truth for who wants several: they gain by asking for less."),
            Choice("position_vcg", "Slots of different worth; to bid one's value is best.", "The simplicity of GSP."),
        ),
    ),
    Situation(
        "Worth more together",
        "a flight and a hotel, licences side by side",
        (
            Choice("vcg", "To bid one's values is best, and the best allocation wins.", "Revenue may be very low."),
            Choice("core_selecting", "No group of losers could have paid more than was paid.", "Some truthfulness."),
            Choice(
                "walrasian", "One price for each lot, nobody wants another.", "Certainty: such prices may not exist."
            ),
        ),
    ),
    Situation(
        "I buy, they offer",
        "a trip, a repair, cloud capacity",
        (
            Choice(
                "scoring_auction",
                "Quality counts beside price; sellers do best by asking what it costs.",
                "The lowest price.",
            ),
        ),
    ),
    Situation(
        "Many buy and sell",
        "electricity, tickets, used goods",
        (
            Choice("double_auction", "All trades at one price, no money left over.", "Truth near the price."),
            Choice("trade_reduction", "To bid one's value is best.", "At most the least valuable trade."),
            Choice(
                "vcg_exchange", "Bundles on both sides; the best trade.", "Balance: under VCG it may cost the house."
            ),
        ),
    ),
    Situation(
        "Two negotiate",
        "a hotel's agent and mine",
        (
            Choice(
                "nash_bargaining", "The classic fair split of what both gain.", "Monotony: a larger cake may hurt one."
            ),
            Choice(
                "kalai_smorodinsky", "Equal shares of what each could hope for.", "Independence of what is not chosen."
            ),
            Choice("alternating_offers", "Both talk, offer by offer.", "Certainty that they agree."),
        ),
    ),
    Situation(
        "Divide fairly",
        "an estate, shared machines, a rota",
        (
            Choice(
                "fisher_market", "Nobody would swap shares with another.", "Truth: large parties may gain by shading."
            ),
            Choice(
                "claims_division", "An estate too small for all claims on it.", "A say for anything but the claims."
            ),
        ),
    ),
    Situation(
        "Match without money",
        "pupils and schools, swaps of shifts",
        (
            Choice(
                "deferred_acceptance",
                "No pair would rather have each other.",
                "Exchanges that some proposers would like.",
            ),
            Choice("top_trading_cycles", "No proposer can do better without another's loss.", "Stability."),
            Choice("serial_dictatorship", "Simple, and truth is best.", "Fairness before the draw only."),
        ),
    ),
)
