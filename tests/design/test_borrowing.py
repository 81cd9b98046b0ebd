"""The meta-analytic-predictive prior beside the example of the R package RBesT, and by hand."""

import pytest

from funis.design.borrowing import BetaPart, borrow, describe_mixture, update
from funis.errors import ValueRangeError

RESPONDERS, TREATED = (23, 12, 19, 9, 39, 6, 9, 10), (107, 44, 51, 39, 139, 20, 78, 35)


def test_the_prior_of_the_spondylitis_trials_is_that_of_rbest() -> None:
    found = borrow(RESPONDERS, TREATED)
    assert (round(found.mean, 3), round(found.sd, 3)) == (0.258, 0.087)
    assert found.prior.mean == pytest.approx(found.mean, abs=1e-3)
    assert found.prior.sd == pytest.approx(found.sd, abs=1e-3)
    assert not found.has_few_trials
    # RBesT 1.8, page of gMAP: theta_resp_pred 0.255, SD 0.0864, 95% 0.106 to 0.461, by the draws of a chain.
    assert found.mean == pytest.approx(0.255, abs=0.005)
    assert found.sd == pytest.approx(0.0864, abs=0.005)
    assert (found.prior.lower, found.prior.upper) == pytest.approx((0.106, 0.461), abs=0.025)


def test_a_flat_part_widens_and_two_trials_are_few() -> None:
    found = borrow((125, 93), (287, 275), flat_weight=0.2)
    assert found.has_few_trials
    assert found.robust.sd > found.prior.sd
    assert sum(part.weight for part in found.robust.parts) == pytest.approx(1)
    assert borrow((125, 93), (287, 275), flat_weight=0.0).robust.mean == pytest.approx(found.prior.mean)


def test_a_flat_prior_after_data_is_a_beta_distribution() -> None:
    (part,) = update((BetaPart(1.0, 1.0, 1.0),), 3, 10)
    assert (part.weight, part.a, part.b) == (1.0, 4.0, 8.0)
    told = describe_mixture((part,))
    # Mean 4/12; variance 4 * 8 / (144 * 13); worth 12 subjects.
    assert told.mean == pytest.approx(1 / 3)
    assert told.sd**2 == pytest.approx(32 / (144 * 13))
    assert told.subjects == pytest.approx(12)


def test_data_unlike_the_trials_take_weight_from_their_part() -> None:
    parts = (BetaPart(0.8, 20.0, 60.0), BetaPart(0.2, 1.0, 1.0))
    agreeing, other = (update(parts, responders, 20)[1].weight for responders in (5, 18))
    assert agreeing < 0.2 < other


def test_trials_alike_are_worth_more_than_trials_apart() -> None:
    alike = borrow((20, 20, 20, 20), (50, 50, 50, 50)).prior.subjects
    apart = borrow((5, 15, 25, 40), (50, 50, 50, 50)).prior.subjects
    assert alike > 2 * apart


@pytest.mark.parametrize(("responders", "treated"), [((3,), (2,)), ((1, 2), (10,)), ((0,), (0,))])
def test_impossible_counts_are_refused(responders: tuple[int, ...], treated: tuple[int, ...]) -> None:
    with pytest.raises(ValueRangeError):
        borrow(responders, treated)


def test_half_of_a_new_trial_is_refused() -> None:
    with pytest.raises(ValueRangeError, match="both counts"):
        borrow((3, 4), (10, 10), new_responders=1)
