"""What the application in the browser is told to show: one JSON document a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from swimdesk.sim.accounts import SimAccount
from swimdesk.sim.signin.flow import TILES, boxes
from swimdesk.sim.signin.notices import NOTICES
from swimdesk.sim.signin.plans import names
from swimdesk.sim.signin.visits import Customer, Page, Push, Visit


def view_of(visit: Visit) -> dict[str, Any]:
    """Return the page a visit is on; it holds no secret and no account number."""
    notice = f"/{visit.notice}" if visit.page is Page.INFORMATION else ""
    shown = _SHOWN.get(visit.page)
    return {
        "page": f"{visit.page}{notice}",
        "number": visit.page_number,
        "error": visit.error,
        "data": shown(visit) if shown is not None else {},
    }


def notice_view(notice: str) -> dict[str, Any]:
    """Return a notice for a browser that is on no visit."""
    return {"page": f"information/{notice}", "number": 0, "error": "", "data": _notice(notice)}


def _authenticators(_: Visit) -> dict[str, Any]:
    return {"tiles": [{"id": tile, "text": text} for tile, (_, text) in TILES.items()]}


def _push(visit: Visit) -> dict[str, Any]:
    return {"stage": "trust" if visit.push is Push.APPROVED else "waiting"}


def _terms(visit: Visit) -> dict[str, Any]:
    return {"modal": visit.has_accepted}


def _accounts(visit: Visit) -> dict[str, Any]:
    customer = visit.customer
    return {"accounts": [] if customer is None else _boxes(customer)}


def _boxes(customer: Customer) -> list[dict[str, Any]]:
    return [
        {
            "id": box,
            "label": _label(account),
            "ticked": number in customer.consented
            and not names(customer.plan.unticked, account, place),
        }
        for place, account in enumerate(customer.login.accounts)
        for box, number in boxes(customer).items()
        if number == account.number
    ]


def _confirmation(visit: Visit) -> dict[str, Any]:
    customer = visit.customer
    accounts = () if customer is None else customer.login.accounts
    return {"accounts": [_label(a) for a in accounts if a.number in visit.chosen]}


def _information(visit: Visit) -> dict[str, Any]:
    return _notice(visit.notice)


def _notice(notice: str) -> dict[str, Any]:
    known = NOTICES[notice]
    return {"title": known.title, "text": known.text, "canContinue": known.can_continue}


def _label(account: SimAccount) -> str:
    return f"{account.nickname} …{account.number[-3:]}"


_SHOWN: Final[Mapping[Page, Callable[[Visit], dict[str, Any]]]] = {
    Page.AUTHENTICATORS: _authenticators,
    Page.PUSH: _push,
    Page.TERMS: _terms,
    Page.ACCOUNTS: _accounts,
    Page.CONFIRMATION: _confirmation,
    Page.INFORMATION: _information,
}
