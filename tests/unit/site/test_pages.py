"""How pages leave the bank: headers, cookie, markup, and who may open them."""

import pytest

from tests.unit.gateway.calling import make_caller
from tests.unit.site.visits import Bench, PageReader

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"


PAGES = (
    "unknown client", "login", "wrong login", "consent", "confirmations", "wrong password", "not waiting",
    "approvals", "wrong password for approval", "not approvable", "no form token", "logged out", "log-in ended",
)  # fmt: skip


@pytest.fixture(scope="module")
def pages():
    """Each page of the site once, by name."""
    bench = Bench(business_id_management=True)
    bench.request_transfer()
    applied = bench.request_transfer()
    bench.bank.outside.confirm(applied, at=bench.clock.at)
    visitor = bench.visitor()
    pages = {"unknown client": visitor.ask(client_id="x")}
    pages["login"] = visitor.follow(visitor.ask())
    pages["wrong login"] = visitor.log_in(password="wrong")
    pages["consent"] = visitor.follow(visitor.log_in())
    pages["confirmations"] = visitor.open("/site/confirmations")
    pages["wrong password"] = visitor.confirm("2026040100000001", "wrong")
    pages["not waiting"] = visitor.confirm("2026040100000009")
    pages["approvals"] = visitor.open("/site/approvals")
    pages["wrong password for approval"] = visitor.decide(applied, "approve", "wrong")
    pages["not approvable"] = visitor.decide("2026040100000009", "approve")
    pages["no form token"] = visitor.client.post("/site/logout")
    pages["logged out"] = visitor.follow(visitor.send("/site/logout"))
    visitor.client.set_cookie("mock_bank_site", "of a bank that is gone")
    pages["log-in ended"] = visitor.open("/site/login")
    assert tuple(pages) == PAGES
    return pages


@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_stored_framed_or_loads_anything_from_elsewhere(pages, name):
    headers = pages[name].headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    client = " http://127.0.0.1:8320" if name == "consent" else ""
    assert headers["Content-Security-Policy"] == POLICY + client


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_well_formed_and_readable_aloud(pages, name):
    page = PageReader(pages[name].get_data(as_text=True))

    assert page.open == []
    assert page.all("html") == [{"lang": "ja"}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    labelled = {attributes["for"] for attributes in page.all("label")}
    for entry in page.all("input"):
        assert entry["type"] == "hidden" or entry["id"] in labelled
    for attributes in page.all("section", "article", "input"):
        for reference in ("aria-labelledby", "aria-describedby"):
            assert attributes.get(reference) is None or attributes[reference] in ids
    for form in page.all("form"):
        assert form["method"] == "post"
    assert not page.all("script", "style", "img")
    assert not any("style" in attributes for _, attributes in page.elements)


@pytest.mark.parametrize("page", ["/site/confirmations", "/site/approvals"])
def test_the_address_of_a_form_leads_back_to_its_list(page):
    assert Bench().visitor().open(f"{page}/2026040100000001").headers["Location"] == page


@pytest.mark.parametrize(("path", "status"), [("/site/balance", 404), ("/site/logout", 405)])
def test_an_address_without_a_page_says_so_and_leads_to_the_first_one(path, status):
    reply = make_caller().client.get(path)

    assert reply.status_code == status
    assert '<a href="/site/">' in reply.text
    assert reply.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_both_languages_and_says_that_it_is_no_bank(pages, name):
    page = pages[name].get_data(as_text=True)

    assert 'lang="en"' in page
    assert "実際の銀行ではなく、お金は動きません。" in page


def test_the_style_sheet_is_the_sites_own():
    reply = Bench().visitor().client.get("/site/static/site.css")

    assert reply.status_code == 200
    assert reply.mimetype == "text/css"
    assert "url(" not in reply.get_data(as_text=True)
    reply.close()


def test_the_session_cookie_is_kept_from_scripts_and_other_sites():
    reply = Bench().visitor().open("/site/login")

    cookie = reply.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_names_are_escaped():
    bench = Bench()
    bench.oauth.clients.change(bench.environment.clients[0].client_id, name="<script>alert(1)</script>")
    visitor = bench.visitor()

    visitor.follow(visitor.ask())

    assert "<script>" not in visitor.page
    assert "&lt;script&gt;" in visitor.page


def test_the_site_of_the_development_environment_answers_to_registered_addresses_only():
    bench = Bench(environment_name="development")
    visitor = bench.visitor()

    reply = visitor.open("/site/login")

    assert reply.status_code == 403
    assert "接続元が許可されていません" in visitor.page
    registered = visitor.client.get("/site/login", environ_base={"REMOTE_ADDR": "18.177.192.247"})
    assert registered.status_code == 200


def test_a_client_with_an_ipv6_address_can_be_returned_to():
    bench = Bench()
    uri = "http://[::1]:8320/callback"
    bench.oauth.clients.change(bench.environment.clients[0].client_id, redirect_uris=(uri,))
    visitor = bench.visitor()
    visitor.follow(visitor.ask(redirect_uri=uri))

    consent = visitor.follow(visitor.log_in())

    assert consent.headers["Content-Security-Policy"] == POLICY + " http:"
