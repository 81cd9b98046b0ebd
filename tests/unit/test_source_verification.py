"""Which items are compared with their source: those that are critical, and a share drawn by a hash."""

from funis.study.monitoring import Monitoring


def test_a_critical_table_or_item_is_compared_and_no_other_where_none_are_drawn() -> None:
    plan = Monitoring(critical=("sledai_2k", "subjects.sex"), share_percent=0)
    asked = [("sledai_2k", "rash"), ("subjects", "sex"), ("subjects", "age"), ("labs", "sex")]
    assert [plan.asks_for("01-001", *each) for each in asked] == [True, True, False, False]


def test_all_are_compared_where_the_share_is_all() -> None:
    assert all(Monitoring(share_percent=100).asks_for(f"{n}", "labs", "value") for n in range(50))


def test_the_share_that_is_drawn_is_the_share_that_is_asked() -> None:
    for share, least, most in ((50, 450, 550), (10, 70, 130), (0, 0, 0)):
        plan = Monitoring(share_percent=share)
        drawn = sum(plan.asks_for(f"01-{number:03d}", "labs", "value") for number in range(1000))
        # Four standard deviations of a binomial count around the share, and nothing of nothing.
        assert least <= drawn <= most
