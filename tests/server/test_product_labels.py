"""Labels of the cell product: the check character by ISO/IEC 7064, and codes read back by another program."""

import re
from itertools import pairwise
from typing import Any

import pytest
from tests.server.people import browser_of, person_with
from tests.server.product_parts import acts, released_bags

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError


@pytest.mark.parametrize(
    ("text", "check"),
    [
        # Examples of ISO 7064 MOD 37-2 in published test tables of other implementations.
        ("G123489654321", "Y"),
        ("A999915000001", "M"),
        ("LMOSBYFCTRSSJCB3X6U9DUBLKNIH03FO6X963TGXYAHG", "*"),
        ("G7N286AL39FFQNU6BH8SMJB5VGMBCB6WPGMWJK800VU7K", "P"),
        # By hand: 0: 0, (1 - 0) mod 37 = 1. 1: 2, 1 - 2 = -1 = 36, the star. A is 10: 20, 1 - 20 = -19 = 18, I.
        ("0", "1"),
        ("1", "*"),
        ("A", "I"),
        # By hand, B is 11: ((11 * 2 + 1) * 2 + 2) * 2 = 96 = 22 mod 37, 1 - 22 = -21 = 16, G.
        ("B12", "G"),
        ("B-1.2", "G"),
    ],
)
def test_the_check_character_is_that_of_iso_7064(server: Configuration, text: str, check: str) -> None:
    from funis.capture.conduct.product.labels import check_character

    assert check_character(text) == check


def test_every_wrong_character_and_every_exchange_of_neighbours_is_found(server: Configuration) -> None:
    """The property that ISO/IEC 7064 states of MOD 37-2, tried on every place of a label."""
    from funis.capture.conduct.product.labels import ALPHABET, decode_label, encode_label

    label = encode_label("bag", "B00137-2")
    assert decode_label(label).code == "B00137"
    body = [place for place, letter in enumerate(label) if place > 2 and letter in ALPHABET]
    wrong = {label[:place] + other + label[place + 1 :] for place in body for other in ALPHABET[:36]}
    wrong |= {
        label[:first] + label[second] + label[first + 1 : second] + label[first] + label[second + 1 :]
        for first, second in pairwise(body)
    }
    for each in wrong - {label}:
        with pytest.raises(ValueRangeError):
            decode_label(each)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "F1",
        "F2.B.B00001-1.X",
        "F1.B.B00001.1",
        "f1.b.b00001-1.v",
        "F1.Q.B00001-1.V",
        "=(B00001)",
        "A" * 500,
    ],
)
def test_anything_else_is_no_label(server: Configuration, text: str) -> None:
    from funis.capture.conduct.product.labels import decode_label

    with pytest.raises(ValueRangeError):
        decode_label(text)


def test_a_label_of_a_subject_has_no_print(server: Configuration) -> None:
    from funis.capture.conduct.product.labels import decode_label, encode_label

    read = decode_label(encode_label("subject", "01-003"))
    assert (read.kind, read.code, read.number) == ("subject", "01-003", 0)


def test_a_label_that_was_printed_again_voids_the_one_before(server: Configuration) -> None:
    """C15."""
    from funis.capture.conduct.product.labels import encode_label, find_scanned, label_text, print_label

    with acts():
        _, (bag, other) = released_bags()
        first = label_text(print_label(bag))
        assert find_scanned(first) == bag
        second = label_text(print_label(bag))
        print_label(other)
    assert find_scanned(f" {second}\n") == bag
    with pytest.raises(ValueRangeError, match="print 1, void"):
        find_scanned(first)
    with pytest.raises(ValueRangeError, match="never printed"):
        find_scanned(encode_label("bag", f"{bag.code}-3"))
    with pytest.raises(ValueRangeError, match="never printed"):
        find_scanned(encode_label("bag", "B99999-1"))


def picture_of(svg: str) -> Any:
    """Draw the modules of an SVG of segno as an image: one path of runs, each a move and a width to the right."""
    import numpy as np

    found = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert found is not None
    size = int(found[1]) * 4
    image = np.full((size, size), 255, dtype=np.uint8)
    path = re.search(r'd="([^"]+)"', svg)
    assert path is not None
    x = y = 0.0
    for letter, numbers in re.findall(r"([Mmh])([-\d. ]+)", path[1]):
        given = [float(each) for each in numbers.split()] if " " in numbers else [float(numbers)]
        if letter == "M":
            x, y = given
        elif letter == "m":
            x, y = x + given[0], y + given[1]
        else:
            top, left = int((y - 0.5) * 4), int(x * 4)
            image[top : top + 4, left : left + int(given[0] * 4)] = 0
            x += given[0]
    return image


def test_a_printed_label_is_read_back_by_a_reader_of_others(server: Configuration) -> None:
    import zxingcpp

    from funis.capture.conduct.product.labels import draw_code, encode_label, find_scanned

    with acts():
        _, (bag,) = released_bags(1)
    laboratory = browser_of(person_with("cell_laboratory", ""))
    to = laboratory.post(f"/product/units/{bag.pk}/label")["Location"]
    page = laboratory.get(to).content.decode()
    svg = re.search(r"<svg.*?</svg>", page, re.DOTALL)
    assert svg is not None
    (read,) = zxingcpp.read_barcodes(picture_of(svg[0]))
    assert read.format == zxingcpp.BarcodeFormat.QRCode
    assert find_scanned(read.text) == bag
    assert read.text in page.replace(svg[0], "")
    for kind, code in (("culture", "K12345-10"), ("vial", "V99999-1"), ("subject", "04-118")):
        text = encode_label(kind, code)
        assert [each.text for each in zxingcpp.read_barcodes(picture_of(draw_code(text)))] == [text]


def test_a_label_says_in_words_that_a_unit_is_in_quarantine(server: Configuration) -> None:
    """21 CFR 1271.60(b): clearly marked; and no code of a donor stands on it."""
    from tests.server.product_parts import new_bags, new_culture, new_donor, new_lot

    from funis.capture.conduct.product.labels import print_label
    from funis.capture.conduct.product.release import decide

    with acts():
        donor = new_donor()
        culture = new_culture(donor)
        lot = new_lot([culture])
        (bag,) = new_bags(lot, culture, 1)
        label = print_label(bag)
    monitor = browser_of(person_with("monitor", ""))
    page = monitor.get(f"/product/labels/{label.pk}").content.decode()
    assert "QUARANTINE: not released" in page
    assert donor.code not in page
    with acts():
        decide(lot, "release", "every rule is met")
        again = print_label(bag)
    assert "QUARANTINE" not in monitor.get(f"/product/labels/{again.pk}").content.decode()
    assert "This label is void" in monitor.get(f"/product/labels/{label.pk}").content.decode()
