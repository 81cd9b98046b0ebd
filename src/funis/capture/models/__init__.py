"""The tables of the server; Django finds them here."""

from __future__ import annotations

from funis.capture.models.allocations import Allocation, AllocationEvent, AllocationSeed
from funis.capture.models.factors import Authenticator, RecoveryCode
from funis.capture.models.identities import DonorIdentity, SubjectIdentity
from funis.capture.models.infusions import BedsideCheck, InfusionRecord
from funis.capture.models.locks import StudyLock, SubjectLock
from funis.capture.models.notices import SafetyNotice
from funis.capture.models.people import Account, RoleHeld
from funis.capture.models.product import LotDecision, LotSource, LotTest, ProductEvent, Unit, UnitLabel
from funis.capture.models.queries import CheckedSubject, Query, QueryMessage
from funis.capture.models.redactions import Redaction
from funis.capture.models.safety import SafetyClock, SafetyReport, StoppingWatch
from funis.capture.models.screening import Screening
from funis.capture.models.signatures import Signature, SigningNonce
from funis.capture.models.studies import StudyVersion, VersionInForce
from funis.capture.models.subjects import Consent, Form, RequestKey, StudyForm, Subject, SubjectVisit
from funis.capture.models.summaries import AwaitedVisit, SubjectSummary, UnaskedVisit
from funis.capture.models.tokens import ApiToken
from funis.capture.models.verification import FormVerification

__all__ = [
    "Account",
    "Allocation",
    "AllocationEvent",
    "AllocationSeed",
    "ApiToken",
    "Authenticator",
    "AwaitedVisit",
    "BedsideCheck",
    "CheckedSubject",
    "Consent",
    "DonorIdentity",
    "Form",
    "FormVerification",
    "InfusionRecord",
    "LotDecision",
    "LotSource",
    "LotTest",
    "ProductEvent",
    "Query",
    "QueryMessage",
    "RecoveryCode",
    "Redaction",
    "RequestKey",
    "RoleHeld",
    "SafetyClock",
    "SafetyNotice",
    "SafetyReport",
    "Screening",
    "Signature",
    "SigningNonce",
    "StoppingWatch",
    "StudyForm",
    "StudyLock",
    "StudyVersion",
    "Subject",
    "SubjectIdentity",
    "SubjectLock",
    "SubjectSummary",
    "SubjectVisit",
    "UnaskedVisit",
    "Unit",
    "UnitLabel",
    "VersionInForce",
]
