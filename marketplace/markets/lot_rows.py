"""Lots out of a sheet's rows by django-import-export: each row checked by itself, then all with their draft."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.results import Result
from import_export.widgets import Widget
from tablib import Dataset

from marketplace.agents.models import Agent
from marketplace.core.refusals import Refusal
from marketplace.markets.drafts import check_draft, place_of
from marketplace.markets.inlines import is_draft
from marketplace.markets.models import Lot, Market
from marketplace.markets.sheets import unreadable
from marketplace.preferences.categories import known_categories
from mechanisms.errors import ProblemError
from mechanisms.preferences import Category
from mechanisms.strict_json import parse

COLUMNS = ("name", "title", "supply", "reserve", "seller", "category")
FREE = "attributes."  # before the name of an attribute that no category defines
YES, NO = ("true", "yes", "1"), ("false", "no", "0")


class Whole(Widget):
    """A whole number; what is none is refused, not cut."""

    def __init__(self, empty: int | None) -> None:
        super().__init__()
        self.empty = empty

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        """An integer."""
        if value in (None, ""):
            return self.empty
        if isinstance(value, float) and value.is_integer():
            return int(value)
        try:
            return int(str(value))
        except ValueError:
            raise ValueError(f"{str(value)[:20]!r} is no whole number.") from None


class Text(Widget):
    """Text, whatever the sheet took it for."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        """Empty where there is nothing."""
        return "" if value is None else str(value)


class Seller(Widget):
    """An agent by its ref."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Agent | None:
        """The agent; refused where there is none."""
        if value in (None, ""):
            return None
        found = Agent.objects.filter(ref=str(value)).first()
        if found is None:
            raise ValueError(f"There is no agent {value!r}.")
        return found


class Attributes(Widget):
    """What the row's other columns say of the lot, each read as its category wants it."""

    def __init__(self, kinds: Mapping[str, Category]) -> None:
        super().__init__()
        self.kinds = kinds

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> dict[str, Any]:
        """The attributes; refused where they do not fit the category."""
        name = str(row.get("category") or "")
        cells = {key.removeprefix(FREE): cell for key, cell in row.items() if key not in (*COLUMNS, "attributes")}
        stated = {key: cell for key, cell in cells.items() if cell not in (None, "")}
        if not name:
            return value | {key: _guessed(cell) for key, cell in stated.items()}
        if name not in self.kinds:
            raise ValueError(f"There is no category {name!r}.")
        kind = self.kinds[name]
        read = value | {
            key: _read(cell, kind.attributes[key].type) if key in kind.attributes else cell
            for key, cell in stated.items()
        }
        try:
            kind.read_lot(read, "")
        except ProblemError as error:
            raise ValueError(f"{error.pointer.removeprefix('/')}: {error.detail}") from error
        return read


def _read(cell: Any, kind: str) -> Any:
    """A cell as JSON has values of this type; what cannot be is left for the category to refuse."""
    text = str(cell)
    if kind == "boolean" and text.lower() in (*YES, *NO):
        return text.lower() in YES
    if kind == "set":
        return [part.strip() for part in text.split(";" if ";" in text else ",")]
    if kind == "number":
        return _guessed(cell)
    return text


def _guessed(cell: Any) -> Any:
    """A number or truth where the text is one in JSON, else the text."""
    if not isinstance(cell, str):
        return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
    try:
        found = parse(cell.encode())
    except ProblemError:
        return cell
    if found is None or isinstance(found, dict | list):
        return cell
    return float(found) if isinstance(found, Decimal) else found


class LotRows(ModelResource):
    """The lots of one draft: a row adds a lot or changes the one of its name, and takes none out."""

    name = Field("name", "name", Text())
    title = Field("title", "title", Text())
    supply = Field("supply", "supply", Whole(None))
    reserve = Field("reserve", "reserve", Whole(0))
    seller = Field("seller", "seller", Seller())
    category = Field("category", "category", Text())
    attributes = Field("attributes", "attributes")

    class Meta:
        model = Lot
        fields = (*COLUMNS, "attributes")
        import_id_fields = ("name",)
        clean_model_instances = use_transactions = skip_unchanged = report_skipped = skip_html_diff = True
        store_instance = True

    def __init__(self, market: Market) -> None:
        super().__init__()
        self.market = market

    def get_queryset(self) -> Any:
        """Of this draft alone."""
        return Lot.objects.filter(market=self.market)

    def init_instance(self, row: Any = None) -> Lot:
        """A new one."""
        return Lot(market=self.market)

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        """The draft is held, and every column known."""
        locked = Market.objects.select_for_update().get(pk=self.market.pk)
        if not is_draft(locked):
            raise Refusal(409, "market_frozen", "The market has opened meanwhile.", "Make a new market.")
        if "name" not in dataset.headers:
            raise unreadable("It has no column 'name'.")
        self.standing = {lot.name: lot for lot in self.get_queryset()}
        named = {lot.category for lot in self.standing.values()}
        if "category" in dataset.headers:
            named |= {str(name) for name in dataset["category"]}
        kinds = known_categories(named)
        self.columns = dataset.headers
        self.fields["attributes"].widget = Attributes(kinds)
        known = {*COLUMNS, *(key for kind in kinds.values() for key in kind.attributes)}
        for name in dataset.headers:
            if name not in known and not (name.startswith(FREE) and name != FREE):
                detail = f"There is no column {name!r}: no category of these lots has such an attribute."
                fix = f"Name it {FREE}{name} if lots without a category have it."
                raise Refusal(422, "sheet_column_unknown", detail, fix, "/file")

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """Columns of attributes are one field; what the sheet has no column for stays as it is."""
        standing = self.standing.get(str(row.get("name") or ""), Lot())
        row.setdefault("category", standing.category)
        if set(self.columns) <= {*COLUMNS} - {"category"}:
            return
        same = str(row["category"] or "") == standing.category
        attributes = standing.attributes.items() if same else ()
        row["attributes"] = {name: value for name, value in attributes if not {name, FREE + name} & set(self.columns)}

    def after_import(self, dataset: Dataset, result: Result, **kwargs: Any) -> None:
        """What stands well by itself is checked together: by the rule, and by every bound of a market."""
        if result.has_errors() or result.has_validation_errors():
            return
        lots = list(self.get_queryset().select_related("seller").order_by("pk"))
        try:
            check_draft(market=self.market, lots=lots)
        except Refusal as refusal:
            self._say(refusal, lots, dataset, result)

    def _say(self, refusal: Refusal, lots: list[Lot], dataset: Dataset, result: Result) -> None:
        """At its row, where it is about one."""
        place, names = place_of(refusal), [str(name) for name in dataset["name"]]
        if place is None or lots[place[0]].name not in names:
            raise refusal
        number, field, words = place
        row = names.index(lots[number].name)
        wrong = ValidationError({field or "name": [words]})
        result.append_invalid_row(row + 1, dict(zip(dataset.headers, dataset[row], strict=True)), wrong)
