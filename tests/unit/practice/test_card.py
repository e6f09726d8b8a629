"""The key card and the site's check of it."""

from __future__ import annotations

import stat

import pytest

from rpconsole.practice.card import LOOK_AHEAD, Card, TokenCheck, Verdict, hotp

#: RFC 4226, appendix D
RFC_SECRET = b"12345678901234567890"
RFC_TOKENS = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]


@pytest.fixture
def card(tmp_path):
    return Card.issue(tmp_path / "operator.json")


@pytest.fixture
def check(card, tmp_path):
    return TokenCheck(card, tmp_path / "site.json")


@pytest.mark.parametrize(("counter", "token"), list(enumerate(RFC_TOKENS)))
def test_tokens_are_those_of_the_rfc(counter, token):
    assert hotp(RFC_SECRET, counter) == token


def test_a_card_is_for_its_owner_alone(card, tmp_path):
    card.next_token()
    assert stat.S_IMODE((tmp_path / "operator.json").stat().st_mode) == 0o600


def test_a_card_is_issued_once(card, tmp_path):
    first = card.next_token()
    again = Card.issue(tmp_path / "operator.json")
    assert again.secret() == card.secret()
    assert again.next_token() != first


def test_a_token_is_good_once(card, check):
    token = card.next_token()
    assert check.verify(token) is Verdict.ACCEPTED
    assert check.verify(token) is Verdict.USED


def test_a_later_token_burns_earlier_ones(card, check):
    skipped, used = card.next_token(), card.next_token()
    assert check.verify(used) is Verdict.ACCEPTED
    assert check.verify(skipped) is Verdict.USED


def test_a_wrong_answer_burns_nothing(card, check):
    assert check.verify("0") is Verdict.WRONG
    assert check.verify("") is Verdict.WRONG
    assert check.verify("tökén\x00") is Verdict.WRONG
    assert check.verify(card.next_token()) is Verdict.ACCEPTED


def test_the_site_forgives_idle_presses_up_to_its_window(card, check):
    for _ in range(LOOK_AHEAD - 1):
        card.next_token()
    assert check.verify(card.next_token()) is Verdict.ACCEPTED


def test_a_card_beyond_the_window_is_out_of_step(card, check):
    for _ in range(LOOK_AHEAD):
        card.next_token()
    assert check.verify(card.next_token()) is Verdict.WRONG


def test_the_site_forgets_nothing_over_a_restart(card, check, tmp_path):
    token = card.next_token()
    check.verify(token)
    assert TokenCheck(card, tmp_path / "site.json").verify(token) is Verdict.USED
