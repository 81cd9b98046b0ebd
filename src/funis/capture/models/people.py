"""People, and what each may do where."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from funis.capture.models.audited import Audited


class AccountManager(BaseUserManager["Account"]):
    """Finds people by their login name."""

    def get_by_natural_key(self, username: str | None) -> Account:
        """Find a person by login name."""
        return self.get(login=username)


class Account(Audited, AbstractBaseUser):
    """Somebody with an account; an account belongs to one person and is never given to another.

    Attributes
    ----------
    login : name typed at the door
    printed_name : as it stands beside what the person did
    language : of the pages: ``en`` or ``zh-hans``; empty: that of the browser, until one is chosen
    is_active : may log in
    failures : wrong passwords since the last right one
    locked : no login until an administrator opens it again
    email : where notices are mailed to, empty for nowhere; the trail says only that it changed
    has_given_password : the password was chosen by somebody else; nothing is done before the person chose one
    roles_read : the roles as they stood when the person of a session was read (see `people.read_person`)
    """

    roles_read: Any = None

    login = models.CharField(max_length=60, unique=True)
    printed_name = models.CharField(max_length=120)
    language = models.CharField(max_length=10, default="en")
    is_active = models.BooleanField(default=True)
    failures = models.PositiveSmallIntegerField(default=0)
    locked = models.BooleanField(default=False)
    email = models.CharField(max_length=254, blank=True)
    has_given_password = models.BooleanField(default=False)
    last_login = None

    objects: ClassVar[AccountManager] = AccountManager()
    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["printed_name"]
    secret = ("password", "email")
    fixed = ("id", "login")
    chained_by = ("id", "person")

    def save(self, *args: Any, **named: Any) -> None:
        """Write the row as every audited one."""
        super().save(*args, **named)


class OfTwoPeople(Audited):
    """A right that opens nothing before a second person confirmed it, where it would show arms.

    Attributes
    ----------
    needs_second : whether a second person is needed, as it was when the right was given
    confirmed_by : login of the second person; empty: nobody yet
    """

    needs_second = models.BooleanField(default=False)
    confirmed_by = models.CharField(max_length=60, blank=True)

    class Meta:
        abstract = True

    @property
    def is_confirmed(self) -> bool:
        """Tell whether it opens something: it needs no second person, or has one."""
        return not self.needs_second or bool(self.confirmed_by)


class RoleHeld(OfTwoPeople):
    """A role that a person has at a site (empty: at all) for a time.

    Attributes
    ----------
    role : one of `permissions.ROLES`
    site : code of the site; empty: all sites
    since, until : first and last day; no last day: until it is ended
    granted_by : login of who granted it
    """

    person = models.ForeignKey(Account, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=30)
    site = models.CharField(max_length=30, blank=True)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    granted_by = models.CharField(max_length=60)

    fixed = ("id", "person_id", "role", "site", "since", "granted_by", "needs_second")
    chained_by = ("person_id", "person")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(confirmed_by="")
                | (models.Q(needs_second=True) & ~models.Q(confirmed_by=models.F("granted_by"))),
                name="a_role_is_confirmed_by_another",
            )
        ]
