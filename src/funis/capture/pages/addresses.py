"""Every page with its address; each names the action it asks for."""

from __future__ import annotations

from django.urls import URLPattern, path

from funis.capture.pages import accounts, data, door, eligibility, forms, locks, subjects, trail

PAGES: list[URLPattern] = [
    path("health", door.health),
    path("login", door.log_in),
    path("logout", door.log_out),
    path("password", door.change_password),
    path("language", door.choose_language),
    path("", subjects.overview),
    path("subjects", subjects.list_subjects),
    path("subjects/new", subjects.screen),
    path("subjects/<str:key>", subjects.show_subject),
    path("subjects/<str:key>/consent", subjects.record_consent),
    path("subjects/<str:key>/visits", subjects.record_visit),
    path("subjects/<str:key>/rows", subjects.add_row),
    path("subjects/<str:key>/trail", trail.show_subject_trail),
    path("subjects/<str:key>/eligibility", eligibility.show_criteria),
    path("subjects/<str:key>/eligibility/answers", eligibility.answer),
    path("subjects/<str:key>/eligibility/decide", eligibility.decide),
    path("subjects/<str:key>/eligibility/back", eligibility.take_back),
    path("subjects/<str:key>/eligibility/again", eligibility.screen_again),
    path("screening", eligibility.show_log),
    path("subjects/<str:key>/locks", locks.show_subject_locks),
    path("locks", locks.list_locks),
    path("locks/freeze", locks.freeze),
    path("locks/lock", locks.lock),
    path("locks/database", locks.decide_on_database),
    path("consents/<str:key>/withdraw", subjects.withdraw_consent),
    path("visits/<str:key>", forms.show_visit),
    path("visits/<str:key>/forms", forms.add_form),
    path("forms/<str:key>", forms.show_form),
    path("forms/<str:key>/save", forms.save),
    path("forms/<str:key>/difference", forms.report_difference),
    path("forms/<str:key>/trail", trail.show_form_trail),
    path("scores/<str:name>", forms.show_script),
    path("product", data.show_product),
    path("export", data.export),
    path("accounts", accounts.list_accounts),
    path("accounts/new", accounts.add_account),
    path("accounts/<str:key>/roles", accounts.grant),
    path("accounts/<str:key>/open", accounts.set_open),
    path("roles/<str:key>/end", accounts.end),
]
