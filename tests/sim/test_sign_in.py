"""The sign-in pages without a browser: the order of pages, codes, locks, what a token then sees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fakes.sim_browser import PageVisitor, visitor
from tests.fakes.sim_client import Counter, shares

from swimdesk.sim.messages import SimResponse
from swimdesk.sim.signin.plans import SecondFactor, SignInPlan

CAG = "third-party-auth/cag"
ACCOUNT = "third-party-auth/account"
CONFIRMATION = "third-party-auth/confirmation"


def planned(plan: SignInPlan, **settings: Any) -> PageVisitor:
    """Return a browser at the login form of a brokerage where every login has that plan."""
    return visitor(sign_in_plans={"*": plan}, **settings)


def at_terms(found: PageVisitor) -> PageVisitor:
    found.log_in()
    assert found.totp() == CAG
    return found


def exchange(found: PageVisitor, code: str) -> SimResponse:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": found.counter.broker.settings.callback_url,
    }
    return found.counter.token(form)


def signed_in(found: PageVisitor, *places: str) -> Counter:
    """Sign in, ticking these boxes, and return a client with the token."""
    at_terms(found).consent(*places)
    reply = exchange(found, found.finish()["code"])
    assert reply.status == 200, reply.body
    found.counter.bearer = json.loads(reply.body)["access_token"]
    return found.counter


def stands(found: PageVisitor) -> dict[str, Any]:
    report = found.counter.broker.sign_in.customers.as_json()[found.login.name]
    assert isinstance(report, dict)
    return report


def test_pages_come_in_their_order() -> None:
    found = PageVisitor(Counter())
    assert found.authorize() == "/ui/host/#/login-one-step"
    pages = [found.page, found.log_in(), found.totp(), found.do("terms", accepted=True)]
    assert found.shown["data"]["modal"] is True
    pages += [found.do("agreement"), found.do("accounts", ticked=["0", "1"])]
    assert pages == ["login-one-step", "placeholder", CAG, CAG, ACCOUNT, CONFIRMATION]


def test_callback_brings_code_session_and_state() -> None:
    found = at_terms(visitor())
    found.consent()
    query = found.finish()
    assert set(query) == {"code", "session", "state"}
    assert query["code"].endswith("@")
    assert query["state"] == "s 1&"


def test_at_sign_of_the_code_is_encoded_once() -> None:
    found = at_terms(visitor())
    found.consent()
    location = found.send("GET", "/ui/host/done").headers["Location"]
    assert "%40&session=" in location
    assert "%2540" not in location


def test_callback_without_a_state_has_none() -> None:
    found = PageVisitor(Counter())
    found.authorize(state=None)
    at_terms(found).consent()
    assert set(found.finish()) == {"code", "session"}


def test_parameters_that_may_be_left_out_are() -> None:
    found = PageVisitor(Counter())
    found.authorize(redirect_uri=None, response_type=None, scope="readonly")
    assert signed_in(found).get("accounts/accountNumbers")


def test_visit_is_over_once_the_browser_was_sent_to_the_callback() -> None:
    found = at_terms(visitor())
    found.consent()
    found.finish()
    again = found.send("GET", "/ui/host/done")
    assert again.headers["Location"] == "/ui/host/#/login-one-step"
    assert found.look() == "information/session-ended"


def test_callback_cannot_be_had_before_the_confirmation() -> None:
    found = at_terms(visitor())
    for _ in range(2):
        assert "code=" not in found.send("GET", "/ui/host/done").headers["Location"]
        found.do("terms", accepted=True)
        found.do("agreement")


@pytest.mark.parametrize(
    "changed",
    [{"client_id": "other"}, {"client_id": None}, {"response_type": "token"}, {"scope": "write"}],
)
def test_unknown_application_is_told_that_the_request_cannot_be_completed(
    changed: dict[str, str | None],
) -> None:
    found = PageVisitor(Counter())
    assert found.authorize(**changed) == "/ui/host/#/information/unable"
    assert "unable to complete your request" in found.shown["data"]["text"]
    assert found.log_in() == "information/unable"


@pytest.mark.parametrize("ending", ["/", ":443", "?x=1"])
def test_other_callback_is_denied(ending: str) -> None:
    found = PageVisitor(Counter())
    query = found.query(redirect_uri=f"https://127.0.0.1:8182{ending}")
    response = found.send("GET", "/v1/oauth/authorize", query=query)
    assert response.status == 403
    assert b"Access Denied" in response.body
    assert response.headers["Content-Type"] == "text/html"
    assert found.cookies == {}


def test_callback_that_differs_by_case_comes_back_to_the_login_for_ever() -> None:
    found = PageVisitor(Counter())
    found.authorize(redirect_uri="HTTPS://127.0.0.1:8182")
    found.log_in()
    assert found.totp() == "login-one-step"
    for _ in range(5):
        assert found.log_in() == "login-one-step"
        assert found.error == ""


def test_wrong_password_is_counted_and_the_third_locks() -> None:
    found = visitor()
    for wrong in (1, 2):
        assert found.log_in("wrong") == "login-one-step"
        assert "incorrect" in found.error
        assert (stands(found)["wrong_passwords"], stands(found)["locked"]) == (wrong, False)
    assert found.log_in("wrong") == "information/locked"
    assert stands(found)["locked"] is True
    other = PageVisitor(found.counter)
    other.authorize()
    assert other.log_in() == "information/locked"
    assert stands(found)["passwords"] == 4


def test_right_password_begins_the_count_anew() -> None:
    found = visitor()
    found.log_in("wrong")
    found.log_in("wrong")
    found.log_in()
    assert stands(found)["wrong_passwords"] == 0


def test_unknown_login_id_is_told_like_a_wrong_password() -> None:
    found = visitor()
    found.do("login", loginId="nobody", password="x")
    unknown = found.shown
    found.log_in("wrong")
    assert found.shown == unknown


@pytest.mark.parametrize(
    "form", [b"{", b"[]", b'{"loginId": 1}', b'{"loginId": "\\ud800"}', b"\xff"]
)
def test_form_that_makes_no_sense_is_a_wrong_login(form: bytes) -> None:
    found = visitor()
    response = found.send("POST", "/ui/host/api/login", form)
    assert "incorrect" in json.loads(response.body)["error"]


@pytest.mark.parametrize("ahead_s", [-30, 0, 30])
def test_authenticator_code_of_a_neighbouring_step_is_taken(ahead_s: int) -> None:
    found = visitor()
    found.log_in()
    assert found.totp(ahead_s) == CAG


def test_three_wrong_codes_end_the_visit() -> None:
    found = visitor()
    found.log_in()
    for _ in range(2):
        assert found.totp(90) == "placeholder"
        assert found.error == "That code isn't right. Please try again."
    assert found.totp(90) == "information/too-many-codes"


def test_used_authenticator_code_is_refused_only_where_the_plan_says_so() -> None:
    for once, page in ((True, "placeholder"), (False, CAG)):
        found = planned(SignInPlan(code_once=once))
        found.log_in()
        assert found.totp() == CAG
        found.authorize()
        found.log_in()
        assert found.totp() == page
        found.counter.clock.advance(30)
        if once:
            assert found.totp() == CAG


@pytest.mark.parametrize("tile", ["otp_sms", "otp_voice"])
def test_code_that_was_sent_is_asked_for(tile: str) -> None:
    found = planned(SignInPlan(SecondFactor.CHOICE))
    assert found.log_in() == "authenticators"
    assert found.do("authenticator", tile=tile) == "otp-code"
    sent = stands(found)["sent_code"]
    assert found.do("code", code=f"{(int(sent) + 1) % 10**6:06d}") == "otp-code"
    assert found.error
    assert found.do("code", code=sent) == CAG


def test_code_that_was_sent_ends_after_five_minutes() -> None:
    found = planned(SignInPlan(SecondFactor.SMS))
    found.log_in()
    found.counter.clock.advance(300)
    assert found.do("code", code=stands(found)["sent_code"]) == "otp-code"


def test_push_waits_for_the_phone() -> None:
    found = planned(SignInPlan(SecondFactor.PUSH))
    assert found.log_in() == "mobile-approve"
    assert found.shown["data"] == {"stage": "waiting"}
    assert found.do("device", remember=True) == "mobile-approve"
    assert found.counter.broker.sign_in.answer_push(found.login.name, approve=True) == 1
    found.look()
    assert found.shown["data"] == {"stage": "trust"}
    assert found.do("device", remember=False) == CAG


@pytest.mark.parametrize(
    ("waited_s", "answered", "page"),
    [(59, 1, "information/push-denied"), (60, 0, "information/push-expired")],
)
def test_push_is_denied_or_ends_after_a_minute(waited_s: int, answered: int, page: str) -> None:
    found = planned(SignInPlan(SecondFactor.PUSH))
    found.log_in()
    found.counter.clock.advance(waited_s)
    broker = found.counter.broker
    assert broker.sign_in.answer_push(found.login.name, approve=False) == answered
    assert found.look() == page


@pytest.mark.parametrize("factor", [SecondFactor.SMS, SecondFactor.PUSH])
def test_trusted_browser_is_not_asked_again(factor: SecondFactor) -> None:
    found = planned(SignInPlan(factor))
    found.log_in()
    found.counter.broker.sign_in.answer_push(found.login.name, approve=True)
    action = "code" if factor is SecondFactor.SMS else "device"
    assert found.do(action, code=stands(found)["sent_code"], remember=True) == CAG
    assert stands(found)["trusted_devices"] == 1
    found.authorize()
    assert found.log_in() == CAG
    stranger = PageVisitor(found.counter)
    stranger.authorize()
    assert stranger.log_in() != CAG


def test_trust_is_for_one_login() -> None:
    found = planned(SignInPlan(SecondFactor.SMS))
    found.log_in()
    found.do("code", code=stands(found)["sent_code"], remember=True)
    found.login = found.counter.broker.logins[1]
    found.authorize()
    assert found.log_in() == "otp-code"


def test_login_form_comes_back_in_the_middle() -> None:
    found = planned(SignInPlan(bounces=2))
    found.log_in()
    numbers = {found.shown["number"]}
    assert found.totp() == "login-one-step"
    numbers.add(found.shown["number"])
    assert found.log_in() == "login-one-step"
    numbers.add(found.shown["number"])
    assert found.log_in() == CAG
    assert len(numbers) == 3


def test_another_login_after_a_bounce_proves_itself() -> None:
    found = planned(SignInPlan(bounces=1))
    found.log_in()
    found.totp()
    found.login = found.counter.broker.logins[1]
    assert found.log_in() == "placeholder"


def test_notice_that_may_be_passed_is_shown_once() -> None:
    found = planned(SignInPlan(notice="documents"))
    found.log_in()
    assert found.totp() == "information/documents"
    assert found.do("continue") == CAG


@pytest.mark.parametrize(
    ("plan", "page"),
    [
        (SignInPlan(notice="maintenance"), "information/maintenance"),
        (SignInPlan(unknown_page=True), "profile/verify-contact"),
    ],
)
def test_page_that_leads_nowhere_stays(plan: SignInPlan, page: str) -> None:
    found = planned(plan)
    found.log_in()
    assert found.totp() == page
    for action in ("continue", "terms", "agreement", "accounts"):
        assert found.do(action, accepted=True, ticked=["0"]) == page


def test_agreement_cannot_be_had_without_accepting_the_terms() -> None:
    found = at_terms(visitor())
    found.do("terms", accepted="yes")
    assert found.shown["data"]["modal"] is False
    assert found.do("agreement") == CAG


def test_declined_consent_brings_no_code() -> None:
    found = at_terms(planned(SignInPlan(decline=True)))
    found.consent()
    assert found.finish() == {"error": "access_denied", "state": "s 1&"}
    assert stands(found)["sign_ins"] == 0


def test_answers_to_a_slow_login_take_longer() -> None:
    found = planned(SignInPlan(slow_ms=700))
    assert found.send("GET", "/ui/host/api/page").extra_delay_ms == 0
    found.log_in()
    assert found.send("GET", "/ui/host/api/page").extra_delay_ms == 700


def test_labels_end_with_three_digits_and_name_no_account_in_full() -> None:
    found = at_terms(visitor())
    found.do("terms", accepted=True)
    found.do("agreement")
    numbers = [account.number for account in found.login.accounts]
    labels = [box["label"] for box in found.shown["data"]["accounts"]]
    assert [label[-3:] for label in labels] == [number[-3:] for number in numbers]
    assert not any(label[-4:].isdigit() for label in labels)


def test_boxes_are_ticked_as_they_were_at_the_last_consent() -> None:
    found = visitor()
    signed_in(found, "1")
    found.authorize()
    at_terms(found)
    found.do("terms", accepted=True)
    found.do("agreement")
    ticked = [box["ticked"] for box in found.shown["data"]["accounts"]]
    assert ticked == [False, True]


@pytest.mark.parametrize("named", ["#0", "last4"])
def test_plan_unticks_and_leaves_out_accounts(named: str) -> None:
    account = Counter().account
    pattern = account.last4 if named == "last4" else named
    found = at_terms(planned(SignInPlan(unticked=(pattern,), unlisted=("#1",))))
    found.do("terms", accepted=True)
    found.do("agreement")
    [box] = found.shown["data"]["accounts"]
    assert (box["id"], box["ticked"], box["label"][-3:]) == ("0", False, account.number[-3:])
    assert found.do("accounts", ticked=["1"]) == ACCOUNT
    assert found.error == "Select at least one account."


def test_account_left_unticked_is_invisible_to_the_token() -> None:
    found = visitor()
    ticked, unticked = found.login.accounts
    client = signed_in(found, "0")
    rows = client.get("accounts/accountNumbers")
    assert [row["accountNumber"] for row in rows] == [ticked.number]
    shown = client.get("accounts")
    assert [a["securitiesAccount"]["accountNumber"] for a in shown] == [ticked.number]
    preference = client.get("userPreference")
    assert [row["accountNumber"] for row in preference["accounts"]] == [ticked.number]
    for path in ("", "/orders", "/orders/1"):
        answer = client.send("GET", f"accounts/{unticked.hash_value}{path}")
        assert (answer.status, answer.body) == (400, b'{"message":"Invalid account number"}')
    assert client.post(shares("BUY", 1, "SPY"), unticked).status == 400
    assert client.post(shares("BUY", 1, "SPY"), ticked).status == 201


def test_orders_of_an_unticked_account_are_not_listed() -> None:
    found = visitor()
    ticked, unticked = found.login.accounts
    for account in (ticked, unticked):
        found.counter.place(shares("BUY", 1, "SPY", "500.00"), account)
    client = signed_in(found, "0")
    listed = client.get("orders", **client.window())
    assert [str(order["accountNumber"]) for order in listed] == [ticked.number]


def test_refresh_keeps_what_was_consented_to() -> None:
    client = signed_in(visitor(), "0")
    client.bearer = client.sign_in()
    assert len(client.get("accounts/accountNumbers")) == 1


def test_sign_in_ends_the_older_grant_when_its_code_is_exchanged() -> None:
    found = visitor()
    older = found.counter.bearer
    client = signed_in(found)
    newer, client.bearer = client.bearer, older
    assert client.send("GET", "accounts").status == 401
    client.bearer = newer
    assert client.send("GET", "accounts").status == 200
    assert stands(found)["sign_ins"] == 1


def test_code_dies_after_thirty_seconds_and_works_once() -> None:
    found = at_terms(visitor())
    found.consent()
    code = found.finish()["code"]
    assert exchange(found, code).status == 200
    assert exchange(found, code).status == 400
    found.authorize()
    at_terms(found).consent()
    late = found.finish()["code"]
    found.counter.clock.advance(30)
    assert b"AuthorizationCode has expired" in exchange(found, late).body


def test_visit_ends_after_a_quarter_of_an_hour() -> None:
    found = visitor()
    found.counter.clock.advance(900)
    assert found.look() == "information/session-ended"
    assert found.do("continue") == "information/session-ended"
    found.authorize()
    assert found.look() == "login-one-step"


def test_two_browsers_do_not_meet() -> None:
    first = visitor()
    second = PageVisitor(first.counter)
    second.authorize()
    first.log_in()
    assert second.look() == "login-one-step"


def test_page_answers_show_no_secret_and_no_account_number() -> None:
    found = planned(SignInPlan(SecondFactor.SMS))
    texts = []
    found.log_in()
    texts.append(json.dumps(found.shown))
    found.do("code", code=stands(found)["sent_code"])
    texts.append(json.dumps(found.shown))
    found.consent()
    texts.append(json.dumps(found.shown))
    login = found.login
    hidden = [login.password, login.totp_secret, login.user, stands(found)["sent_code"]]
    hidden += [account.number for account in login.accounts]
    hidden += [account.hash_value for account in login.accounts]
    assert [word for word in hidden for text in texts if word in text] == []


def test_same_settings_and_steps_give_the_same_callback() -> None:
    queries = []
    for _ in range(2):
        found = at_terms(visitor())
        found.consent()
        queries.append(found.finish())
    assert queries[0] == queries[1]


@pytest.mark.parametrize("path", ["", "index.html", "app.js", "style.css"])
def test_application_is_served_and_forbids_everything_from_elsewhere(path: str) -> None:
    response = PageVisitor(Counter()).send("GET", f"/ui/host/{path}")
    assert response.status == 200
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert b"http" not in response.body
    assert b"//cdn" not in response.body


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/favicon.ico"),
        ("GET", "/ui/host/../core.py"),
        ("GET", "/ui/host/plans.py"),
        ("POST", "/ui/host/app.js"),
        ("POST", "/v1/oauth/authorize"),
    ],
)
def test_other_paths_are_not_found(method: str, path: str) -> None:
    assert PageVisitor(Counter()).send(method, path).status == 404
