"""Tokens of programs: issued, found by what was shown, revoked."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from hashlib import sha256
from typing import Final

from funis.capture.context import SERVER, because, who_acts
from funis.capture.models import ApiToken
from funis.capture.models.tokens import PURPOSE_LENGTH
from funis.capture.people.accounts import refuse_second
from funis.capture.people.permissions import ACTIONS, Rights, takes_two
from funis.capture.study_in_force import blinded_roles, started_with, today
from funis.errors import UnknownNameError, ValueRangeError

ACTION: Final = "read by program"
"""What the role of a token must be allowed."""
LONGEST_DAYS: Final = 366
"""A token ends within a year: who still needs it asks again."""
_PREFIX: Final = "funis_"


def issue_token(purpose: str, role: str, site: str, until: date) -> tuple[ApiToken, str]:
    """Issue a token, within a transaction in which an administrator acts.

    In a blinded trial a token whose role sees arms opens nothing before `confirm_token`.

    Parameters
    ----------
    purpose : what it is for
    role : whose rights to read it has
    site : code of the site; empty: all
    until : last day

    Returns
    -------
    tuple : the row, and the token itself, which is kept nowhere

    Raises
    ------
    UnknownNameError : no such role for programs, or no such site
    ValueRangeError : no purpose, or a last day that is past or more than a year away
    """
    purpose = purpose.strip()
    if not purpose or len(purpose) > PURPOSE_LENGTH or not purpose.isprintable():
        raise ValueRangeError(
            "purpose", f"{len(purpose)} characters", f"1 to {PURPOSE_LENGTH} printable characters"
        )
    if role not in ACTIONS[ACTION]:
        raise UnknownNameError("role", role, sorted(ACTIONS[ACTION]))
    if site and site not in started_with().site_ids:
        raise UnknownNameError("site", site, started_with().site_ids)
    last = today() + timedelta(days=LONGEST_DAYS)
    if not today() <= until <= last:
        raise ValueRangeError("last day", until.isoformat(), f"today to {last.isoformat()}")
    who = who_acts()
    issued_by = who.actor if who else ""
    shown = _PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        purpose=purpose, role=role, site=site, digest=digest_of(shown), since=today(), until=until,
        issued_by=issued_by, needs_second=issued_by != SERVER and takes_two(role, blinded_roles()),
    )  # fmt: skip
    row.save()
    return row, shown


def confirm_token(row: ApiToken) -> None:
    """Confirm, as the second person, a token that was issued; it opens something from now on.

    Raises
    ------
    ValueRangeError : nothing waits, the token was revoked, or who issued it confirms
    """
    held = ApiToken.objects.select_for_update().get(pk=row.pk)
    refuse_second(held, held.issued_by, "token")
    if held.revoked_on is not None:
        raise ValueRangeError("token", "revoked", "one that stands")
    who = who_acts()
    with because("second person"):
        held.confirmed_by = who.actor if who else ""
        held.save()


def revoke_token(row: ApiToken, reason: str) -> None:
    """Revoke a token at once, within a transaction in which an administrator acts.

    Raises
    ------
    ValueRangeError : no reason, or it was revoked before
    """
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "why the token is revoked")
    if row.revoked_on is not None:
        raise ValueRangeError("token", "revoked", "one that stands")
    with because(reason.strip()):
        row.revoked_on = today()
        row.save()


def find_token(shown: str) -> ApiToken | None:
    """Find the row of a token that was shown; none where there is none, also one that opens nothing now."""
    return ApiToken.objects.filter(digest=digest_of(shown)).first() if shown.startswith(_PREFIX) else None


def digest_of(shown: str) -> str:
    """Give what is kept of a token: it is drawn from 256 bits, so that one SHA-256 is enough."""
    return sha256(shown.encode()).hexdigest()


def rights_of_token(row: ApiToken) -> Rights:
    """Give what a token may read today; nothing once it is revoked or past its last day."""
    stands = row.is_confirmed and row.revoked_on is None and row.since <= today() <= row.until
    held = frozenset({(row.role, row.site)} if stands else ())
    return Rights(held, is_blinded=row.role in blinded_roles())
