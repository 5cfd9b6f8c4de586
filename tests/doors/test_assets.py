"""Static files: served, cached by the browser, and nothing beside them."""

import httpx
import pytest

from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
CSS = "/static/admin/css/base.css"


def test_files_and_nothing_else_are_served(doors_only: Server) -> None:
    with httpx.Client(base_url=doors_only.url, trust_env=False) as http:
        first = http.get(CSS)
        assert (first.status_code, first.headers["content-type"]) == (200, 'text/css; charset="utf-8"')
        assert "color" in first.text
        again = http.get(CSS, headers={"If-Modified-Since": first.headers["last-modified"]})
        assert (again.status_code, again.content) == (304, b"")
        assert http.head(CSS).content == b""
        part = http.get(CSS, headers={"Range": "bytes=0-9"})
        assert (part.status_code, part.content) == (206, first.content[:10])
        for missing in ("/static/nope.css", "/static/", "/static/..%2f..%2fmanage.py", "/static/%2e%2e/settings.py"):
            assert http.get(missing).status_code == 404
        assert http.post(CSS).status_code == 404
