"""What the brokerage says on ``#/information/<id>`` in place of the page that was expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice; only some let the customer go on."""

    title: str
    text: str
    can_continue: bool = False


NOTICES: Final = {
    "unable": Notice(
        "We're sorry",
        "We are unable to complete your request. "
        "Please contact customer service for further assistance.",
    ),
    "locked": Notice(
        "Your login is locked",
        "Access was locked after several wrong passwords. Call customer service to unlock it.",
    ),
    "too-many-codes": Notice(
        "Too many wrong codes",
        "We could not confirm that it is you. Begin again from the application.",
    ),
    "push-denied": Notice("Request denied", "The request was denied in the mobile app."),
    "push-expired": Notice(
        "Request expired", "The request was not approved in the mobile app in time."
    ),
    "session-ended": Notice("Your session has ended", "Begin again from the application."),
    "maintenance": Notice("Planned maintenance", "This service is not available at the moment."),
    "documents": Notice(
        "Your documents are ready", "New statements are waiting for you.", can_continue=True
    ),
}
"""Known notices by id."""
