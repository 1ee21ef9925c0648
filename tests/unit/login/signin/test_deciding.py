"""What is done about each page, and above all what never is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.login.signin.sights import sight

from swimdesk.login.signin.deciding import (
    APPROVAL_S,
    BOUNCED_S,
    LISTED_S,
    PAGE_S,
    PERSON_S,
    SETTLED_S,
    STRANGE_S,
    Choose,
    Click,
    Fill,
    Memory,
    Move,
    Stop,
    Tell,
    Tick,
    Wait,
    decide,
)
from swimdesk.login.signin.sights import Sight

TYPE_BOTH = Fill((("user", "user"), ("password", "password")))
WRONG = "The login id or password is incorrect."


def now(seen: Sight, memory: Memory | None = None) -> Move:
    """Decide about a page that has come to rest."""
    return decide(seen, memory or Memory(), BOUNCED_S)


def typed(seen: Sight, memory: Memory | None = None) -> Memory:
    """Return what is remembered after the password was sent off there."""
    return (memory or Memory()).after(TYPE_BOTH, seen)


def stop(move: Move) -> Stop:
    assert isinstance(move, Stop)
    return move


# --- the first page ----------------------------------------------------------------------------


def test_first_page_is_filled_in_once_it_shows_its_fields() -> None:
    assert now(sight("login", "user", "submit")) == Wait()
    assert decide(sight("login"), Memory(), SETTLED_S / 2) == Wait()
    assert now(sight("login")) == TYPE_BOTH


def test_complaint_after_a_password_is_the_end() -> None:
    end = stop(now(sight("login", error=WRONG), typed(sight("login"))))
    assert end.is_wrong_password
    assert WRONG in end.reason


def test_complaint_after_a_password_is_the_end_on_a_page_that_came_back_too() -> None:
    assert stop(now(sight("login", visit=5, error=WRONG), typed(sight("login")))).is_wrong_password


def test_complaint_before_a_password_lets_nothing_be_typed() -> None:
    end = stop(now(sight("login", error="Session expired")))
    assert not end.is_wrong_password
    assert "before anything was typed" in end.reason


def test_emptied_fields_without_a_complaint_are_no_reason_to_type_again() -> None:
    sent = typed(sight("login", filled=("user", "password")))
    assert decide(sight("login"), sent, PAGE_S - 1) == Wait()
    assert "did not go on" in stop(decide(sight("login"), sent, PAGE_S)).reason
    assert "did not show" in stop(decide(sight("login", "user"), Memory(), PAGE_S)).reason


def test_first_page_that_came_back_is_typed_into_once_more_after_a_while() -> None:
    sent = typed(sight("login"))
    sent = sent.after(Fill((("code", "code"),)), sight("authenticator", visit=2))
    back = sight("login", visit=3)
    assert decide(back, sent, BOUNCED_S - 0.1) == Wait()
    assert decide(back, sent, BOUNCED_S) == TYPE_BOTH


def test_address_that_changes_while_the_password_is_on_its_way_lets_nothing_be_typed() -> None:
    sent = typed(sight("login"))
    still_there = sight("login", visit=2, filled=("user", "password"))
    assert decide(still_there, sent, STRANGE_S) == Wait()
    assert "did not go on" in stop(decide(still_there, sent, PAGE_S)).reason


def test_first_page_that_came_straight_back_may_take_longer_to_complain() -> None:
    sent = typed(sight("login"))
    assert decide(sight("login", visit=2), sent, STRANGE_S - 0.1) == Wait()
    assert decide(sight("login", visit=2), sent, STRANGE_S) == TYPE_BOTH


def test_first_page_that_comes_back_twice_is_the_end() -> None:
    twice = typed(sight("login", visit=2), typed(sight("login")))
    end = stop(decide(sight("login", visit=3), twice, STRANGE_S))
    assert "not typed again" in end.reason
    assert not end.is_wrong_password


def test_locked_page_after_a_password_counts_as_a_refused_one() -> None:
    assert stop(now(sight("locked"), typed(sight("login")))).is_wrong_password


def test_locked_page_before_anything_was_typed_says_nothing_about_a_password() -> None:
    end = stop(now(sight("locked")))
    assert not end.is_wrong_password
    assert "has locked this login" in end.reason


BEYOND = ("second factor", "text message", "authenticator", "approval", "terms", "accounts")


@pytest.mark.parametrize("name", BEYOND)
def test_complaint_after_a_later_page_was_seen_leaves_the_password_unmarked(name: str) -> None:
    taken = typed(sight("login")).seeing(sight(name, visit=2))
    end = stop(now(sight("login", visit=3, error="Your session timed out."), taken))
    assert not end.is_wrong_password
    assert "after it had taken the password" in end.reason
    assert "Your session timed out." in end.reason
    assert not stop(now(sight("locked", visit=3), taken)).is_wrong_password


def test_password_that_is_typed_once_more_is_judged_anew() -> None:
    taken = typed(sight("login")).seeing(sight("authenticator", visit=2))
    again = typed(sight("login", visit=3), taken)
    assert stop(now(sight("login", visit=4, error=WRONG), again)).is_wrong_password


def test_later_page_that_was_there_before_a_password_says_nothing_of_it() -> None:
    early = Memory().seeing(sight("second factor"))
    end = stop(now(sight("login", visit=3, error=WRONG), typed(sight("login", visit=2), early)))
    assert end.is_wrong_password


# --- the second factor -------------------------------------------------------------------------


def test_second_factor_is_chosen_among_those_that_may_be_used() -> None:
    assert now(sight("second factor")) == Choose(("push", "sms", "voice", "code"))
    assert now(sight("second factor"), Memory(factors=("code",))) == Choose(("code",))


def test_second_factor_that_is_not_offered_is_named() -> None:
    offered = sight("second factor", "push", "sms")
    assert "code" in stop(now(offered, Memory(factors=("code",)))).reason


def test_code_is_asked_for_again_once_after_a_complaint() -> None:
    asked = Fill((("code", "code"),))
    first = sight("authenticator")
    assert now(first) == asked
    sent = Memory().after(asked, first)
    complaint = sight("authenticator", error="That code isn't right.")
    assert now(sight("authenticator", filled=("code",)), sent) == Wait()
    assert now(complaint, sent) == asked
    end = decide(complaint, sent.after(asked, complaint), STRANGE_S)
    assert isinstance(end, Wait)
    emptied = sight("authenticator", "code", "submit", filled=("code",), error="Wrong.")
    assert (
        "not accepted 2 times"
        in stop(decide(emptied, sent.after(asked, complaint), STRANGE_S)).reason
    )


def test_approval_waits_for_the_phone_and_leaves_the_device_untrusted() -> None:
    waiting = sight("approval", "none")
    assert now(waiting) == Wait()
    assert decide(waiting, Memory(), PAGE_S) == Wait()
    assert now(sight("approval")) == Click("trust")
    assert now(sight("approval", ticked=("trust",))) == Click("submit")


def test_answer_about_the_device_that_cannot_be_seen_is_sent_all_the_same() -> None:
    asked = sight("approval", "trust", "submit")
    answered = Memory().after(Click("trust"), asked)
    assert decide(asked, answered, SETTLED_S) == Wait()
    assert now(asked, answered) == Click("submit")
    assert now(asked, answered.after(Click("submit"), asked)) == Wait()


@pytest.mark.parametrize(
    "waiting",
    [
        Sight(None, 2, "/approve-on-your-phone", status=200),
        sight("second factor"),
        sight("second factor", "none"),
    ],
)
def test_approval_on_the_phone_is_waited_for_wherever_the_page_is(waiting: Sight) -> None:
    pushed = Memory().after(Choose(("push",)), sight("second factor"))
    assert decide(waiting, pushed, APPROVAL_S - 1) == Wait()
    assert "nobody approved" in stop(decide(waiting, pushed, APPROVAL_S)).reason


def test_other_factors_do_not_make_a_strange_page_a_wait_for_the_phone() -> None:
    texted = Memory().after(Choose(("sms",)), sight("second factor"))
    strange = Sight(None, 2, "/approve-on-your-phone", status=200)
    assert "not known" in stop(decide(strange, texted, STRANGE_S)).reason


# --- the consent -------------------------------------------------------------------------------


def test_terms_are_ticked_then_sent_then_agreed_to() -> None:
    assert now(sight("terms", "accept", "submit")) == Click("accept")
    assert now(sight("terms", "accept", "submit", ticked=("accept",))) == Click("submit")
    assert now(sight("terms", ticked=("accept",))) == Click("agree")


def test_only_boxes_of_expected_accounts_that_are_open_are_ticked() -> None:
    seen = sight("accounts", boxes={"821": False, "117": True, "555": False})
    assert now(seen, Memory(accounts=frozenset({"4821", "0117"}))) == Tick((0,))


def test_all_boxes_are_ticked_where_no_account_is_known_yet() -> None:
    seen = sight("accounts", boxes={"821": False, "117": False})
    assert decide(seen, Memory(), SETTLED_S) == Wait()
    assert now(seen) == Tick((0, 1))


def test_missing_account_is_told_once_and_the_others_go_on() -> None:
    memory = Memory(accounts=frozenset({"4821", "9999"}))
    seen = sight("accounts", boxes={"821": True})
    assert now(seen, memory) == Wait()
    told = decide(seen, memory, STRANGE_S)
    assert isinstance(told, Tell)
    assert "…999" in told.text
    assert now(seen, memory.after(told, seen)) == Click("submit")


def test_sign_in_of_another_user_is_the_end() -> None:
    seen = sight("accounts", boxes={"123": True})
    memory = Memory(accounts=frozenset({"4821"}))
    assert now(seen, memory) == Wait()
    assert "another user" in stop(decide(seen, memory, STRANGE_S)).reason


def test_accounts_that_were_all_listed_when_they_were_ticked_are_sent_off_at_once() -> None:
    empty = sight("accounts", boxes={"821": False, "117": False})
    memory = Memory().after(Tick((0, 1)), empty)
    ticked = sight("accounts", boxes={"821": True, "117": True})
    assert decide(ticked, memory, SETTLED_S) == Click("submit")
    more = sight("accounts", boxes={"821": True, "117": True, "555": True})
    assert decide(more, memory, SETTLED_S) == Wait()
    assert decide(more, memory, LISTED_S) == Click("submit")


def test_boxes_that_do_not_stay_ticked_are_the_end() -> None:
    seen = sight("accounts", boxes={"821": False})
    assert "stay ticked" in stop(now(seen, Memory(ticks=5))).reason


# --- whatever else comes -----------------------------------------------------------------------


def test_page_is_not_clicked_again_before_it_changes() -> None:
    seen = sight("confirmation")
    clicked = Memory().after(Click("submit"), seen)
    assert decide(seen, clicked, PAGE_S - 1) == Wait()
    assert "did not go on" in stop(decide(seen, clicked, PAGE_S)).reason


def test_page_that_changes_for_ever_without_going_on_is_the_end() -> None:
    before = sight("confirmation", error="Try again.")
    end = stop(now(sight("confirmation"), Memory(clicks=5, acted=before)))
    assert "whatever is clicked" in end.reason


def test_address_that_is_not_known_stops_after_a_while() -> None:
    strange = Sight(None, 3, "/profile/verify-contact", status=200)
    assert decide(strange, Memory(), STRANGE_S - 0.1) == Wait()
    assert "not known" in stop(decide(strange, Memory(), STRANGE_S)).reason


@pytest.mark.parametrize(
    "shown",
    [
        Sight(None, 3, "/profile/verify-contact", status=200),
        replace(sight("notice"), text="Please confirm your address."),
    ],
)
def test_page_that_is_not_known_is_left_to_the_person_at_the_window(shown: Sight) -> None:
    watched = Memory(is_watched=True)
    told = decide(shown, watched, STRANGE_S)
    assert isinstance(told, Tell)
    assert "by hand in the browser's window" in told.text
    assert shown.text in told.text
    handed = watched.after(told, shown)
    assert decide(shown, handed, PERSON_S - 1) == Wait()
    assert isinstance(decide(shown, handed, PERSON_S), Stop)
    assert now(sight("login"), handed) == TYPE_BOTH


def test_locked_login_is_left_to_nobody() -> None:
    assert "unlock it" in stop(now(sight("locked"), Memory(is_watched=True))).reason


def test_address_without_a_fragment_gets_the_time_of_a_slow_page() -> None:
    assert decide(Sight(None, 1, status=200), Memory(), PAGE_S - 1) == Wait()
    assert isinstance(decide(Sight(None, 1, status=200), Memory(), PAGE_S), Stop)


@pytest.mark.parametrize(("status", "is_unreachable"), [(403, False), (503, True)])
def test_answer_that_is_no_page_stops_at_once(status: int, is_unreachable: bool) -> None:
    end = stop(decide(Sight(None, 1, status=status), Memory(), 0.0))
    assert end.is_unreachable is is_unreachable
    assert str(status) in end.reason


def test_dead_navigation_is_unreachable() -> None:
    end = stop(decide(Sight(None, 1, text="ERR_CONNECTION_REFUSED", is_dead=True), Memory(), 0.0))
    assert end.is_unreachable
    assert "ERR_CONNECTION_REFUSED" in end.reason


def test_notice_is_read_to_the_person() -> None:
    seen = replace(sight("notice"), text="We are unable to complete your request.")
    assert "unable to complete" in stop(now(seen)).reason
