"""An outcome in words and figures, for the person who watches the demo."""

import csv
import io

from marketplace.core.money import amount_text
from marketplace.demo.client import JSON, Doors
from marketplace.demo.play import Played


def told(played: Played) -> str:
    """Price, quantity, who pays whom in total, and how long it took."""
    market, outcome = played.market, played.outcome
    lines = [f"  {outcome['status'].replace('_', ' ')}: {_trade_words(played)}"]
    lines.append("  " + _payment_words(played))
    if "welfare" in outcome:
        lines.append(f"  Gains from trade, by the bids: {_money(outcome['welfare'], market)}.")
    lines.append(f"  From the close to the last cent settled: {played.seconds:.2f} s. Digest {outcome['digest'][:23]}…")
    return "\n".join(lines)


async def explained(doors: Doors, played: Played) -> str:
    """What some of the agents are told: which lots were out and why, then their own result."""
    lines = []
    for name in played.scene.shown:
        if name in played.previews:
            lines.append(f'  {name}\'s person said: "{played.scene.said[name]}"')
            lines += _judged(played.previews[name], in_full=name == played.scene.shown[0])
        answer = await doors.get(played.agents[name].key, f"markets/{played.market['id']}/outcome/")
        lines.append(f"  {name}: {answer['why']}")
    return "\n".join(lines)


def _judged(preview: JSON, *, in_full: bool) -> list[str]:
    """Item by item what qualifies and for how much; in full also which conditions kept the other lots out."""
    lines = []
    for name, item in preview["preference"]["items"].items():
        worths = ", ".join(f"{row['lot']} ({row['worth'] // 100})" for row in item["qualify"])
        lines.append(f"    {name}: of {len(item['qualify']) + len(item['out'])} these qualify: {worths}")
        counted: dict[str, list[str]] = {}
        for row in item["out"] if in_full else ():
            counted.setdefault(" and ".join(one["words"] for one in row["failed"]), []).append(row["lot"])
        lines += [f'      out, not "{words}": {" ".join(lots)}' for words, lots in counted.items()]
    return lines


def _trade_words(played: Played) -> str:
    outcome = played.outcome
    if outcome["traded"] and not outcome["prices_text"]:
        return f"{sum(outcome['traded'].values())} {played.scene.unit} sold, {', '.join(outcome['traded'])}"
    parts = [
        f"{outcome['traded'].get(lot, 0):,} {played.scene.unit} at {price}"
        for lot, price in sorted(outcome["prices_text"].items())
    ]
    return "; ".join(parts) or "nothing was traded"


def _payment_words(played: Played) -> str:
    paid, got = _totals(played.report)
    buyers = f"{paid[0]} {'buyer pays' if paid[0] == 1 else 'buyers pay'} {_money(paid[1], played.market)}"
    if not got[0] and played.scene.receivers:
        return f"{buyers}; {played.scene.receivers}."
    if not got[0]:
        return f"{buyers}; the {played.scene.seller} receives it."
    return (
        f"{buyers}; {got[0]} {'seller receives' if got[0] == 1 else 'sellers receive'} {_money(got[1], played.market)}."
    )


def _totals(report: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """(buyers, what they pay), (sellers, what they receive), in the market's units."""
    payments = [int(row["payment"]) for row in csv.DictReader(io.StringIO(report))]
    paid, got = [p for p in payments if p > 0], [-p for p in payments if p < 0]
    return (len(paid), sum(paid)), (len(got), sum(got))


def _money(units: int, market: dict[str, object]) -> str:
    return amount_text(units, int(str(market["exponent"])), str(market["currency"]))
