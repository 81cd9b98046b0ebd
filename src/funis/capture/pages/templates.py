"""How pages are drawn: templates escape everything, and every word of theirs has a Chinese one."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.templatetags.static import static
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from funis.capture.forms.plan_parts import Language
from funis.capture.forms.visit_words import visit_words
from funis.capture.pages.words import in_language
from funis.capture.people.access import PageRequest
from funis.capture.people.permissions import ROLES
from funis.capture.study_in_force import started_with
from funis.study.allocated import allocation_plan

FOLDER = Path(__file__).parents[1] / "templates"


def make_environment(**options: Any) -> Environment:
    """Make the environment of the templates; an unknown name in one is an error, never an empty place."""
    options |= {"loader": FileSystemLoader(FOLDER), "autoescape": True, "undefined": StrictUndefined}
    options |= {"trim_blocks": True, "lstrip_blocks": True}
    environment = Environment(**options)  # noqa: S701 - autoescape stands among the options
    environment.globals |= {"static": static, "ROLES": ROLES}
    environment.filters |= {"day": _day, "at": _at}
    return environment


def _day(day: date | str | None) -> Markup | str:
    """Show a day, or a day with its time, so that a narrow screen does not break it at a hyphen."""
    shown = day.isoformat() if isinstance(day, date) else day
    return Markup("<time>{}</time>").format(shown) if shown else ""


def _at(moment: str, length: int = 16, zone: str = " UTC") -> Markup | str:
    """Show a moment as the trail writes it, to the minute."""
    return _day(f"{moment[:length].replace('T', ' ')}{zone}" if moment else "")


_environment = make_environment()


def draw(asked: PageRequest, template: str, *, status: int = 200, **values: Any) -> HttpResponse:
    """Draw a page for the person who asked.

    Parameters
    ----------
    asked : the request; its language and rights decide what the page says and offers
    template : name of the template
    status : of the answer
    values : what the template needs
    """
    text = _environment.get_template(template).render(
        asked=asked,
        study=started_with().trial,
        allocates=allocation_plan(started_with()) is not None,
        csrf=get_token(asked.request),
        t=in_language(asked.language),
        visit_label=partial(visit_words, language=asked.language),
        language=asked.language,
        idle_seconds=settings.SESSION_COOKIE_AGE,
        **values,
    )
    answer = HttpResponse(text, status=status)
    # Nobody who goes back at a shared machine sees a page of before, or of somebody who has logged out.
    answer["Cache-Control"] = "no-store"
    return answer


def language_of(asked: PageRequest) -> Language:
    """Give the language of the forms on a page for the person who asked."""
    return "zh-hans" if asked.language == "zh-hans" else "en"
