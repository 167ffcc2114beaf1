"""Tokens of images: how they are drawn, and how they are found."""

import pytest
import torch

from speechgan.models.generators.token_sequence import TokenGenerator
from speechgan.models.layers.quantiser import Quantiser


def generator() -> TokenGenerator:
    torch.manual_seed(0)
    made = TokenGenerator(bins=8, frames=12, vocabulary=6, width=16, digits=3, embedding=4)
    # Far from even, and different after every token.
    torch.nn.init.normal_(made.writer.leave.weight, std=3.0)
    return made.eval()


def test_tokens_are_as_frequent_as_the_lstm_says() -> None:
    made, count = generator(), 20000
    labels = torch.tensor([[1, 0]]).expand(count, 2)
    with torch.no_grad():
        tokens = made.draw(torch.randn(count, made.code), labels)
        said = made.writer.predict(tokens, labels).softmax(2)
    first = torch.bincount(tokens[:, 0], minlength=6) / count
    torch.testing.assert_close(first, said[0, 0], atol=0.015, rtol=0)
    after = tokens[:, 0] == first.argmax()
    second = torch.bincount(tokens[after, 1], minlength=6) / after.sum()
    torch.testing.assert_close(second, said[after][0, 1], atol=0.02, rtol=0)
    assert (said[after][0, 1] - said[0, 0]).abs().max() > 0.05


def test_the_same_code_gives_the_same_tokens_whoever_stands_beside_it() -> None:
    made, labels = generator(), torch.tensor([[0, 0], [1, 0], [2, 0]] * 5)
    code = torch.randn(15, made.code)
    with torch.no_grad():
        tokens = made.draw(code, labels)
        assert torch.equal(made.draw(code, labels), tokens)
        assert torch.equal(made.draw(code[:4], labels[:4]), tokens[:4])
    assert len(tokens.unique(dim=0)) > 5


def test_codes_beyond_all_probabilities_give_the_first_and_the_last_token() -> None:
    made, labels = generator(), torch.zeros(2, 2, dtype=torch.long)
    code = torch.tensor([[-40.0], [40.0]]).expand(2, made.code)
    with torch.no_grad():
        assert made.draw(code, labels)[0].tolist() == [0] * made.code
        assert made.draw(code, labels).max() <= 5


def test_rows_are_finished_from_where_they_are_kept() -> None:
    made, labels = generator(), torch.zeros(400, 2, dtype=torch.long)
    given = torch.randint(6, (400, made.code))
    kept = torch.arange(400) % (made.code + 1)
    with torch.no_grad():
        tokens = made.draw(torch.randn(400, made.code), labels, given, kept)
    places = torch.arange(made.code)
    same = tokens == given
    assert same[places < kept[:, None]].all() and not same[places >= kept[:, None]].all()


def test_an_entry_without_use_is_drawn_to_what_is_heard() -> None:
    """Otherwise one that is far from everything would never be chosen."""
    torch.manual_seed(0)
    quantiser = Quantiser(4, 2)
    vectors = torch.tensor([[1.0, 0.0], [0.8, 0.6]]).T[None]
    with torch.no_grad():
        quantiser.entries.copy_(torch.tensor([[1, 0.1], [-0.9, -0.2], [-0.8, 0.1], [-0.5, -0.5]]))
    assert quantiser.find(vectors).unique().tolist() == [0]
    rate = torch.optim.Adam(quantiser.parameters(), 0.05)
    for _ in range(100):
        rate.zero_grad()
        quantiser(vectors)[1].backward()
        rate.step()
    assert len(quantiser.find(vectors).unique()) == 2
    entries = quantiser.look_up(quantiser.find(vectors))
    torch.testing.assert_close(entries, vectors, atol=0.05, rtol=0)


def test_gradients_pass_the_book_straight_through() -> None:
    quantiser, x = Quantiser(4, 2), torch.randn(3, 2, 5, requires_grad=True)
    found, book, commitment = quantiser(x)
    assert torch.allclose(found, quantiser.look_up(quantiser.find(x)), atol=1e-6)
    found[:, 0].sum().backward(retain_graph=True)
    assert x.grad is not None and x.grad.any() and quantiser.entries.grad is None
    x.grad = None
    book.backward(retain_graph=True)
    assert x.grad is None and quantiser.entries.grad.any()
    quantiser.zero_grad()
    commitment.backward()
    assert x.grad.any() and quantiser.entries.grad is None


@pytest.mark.parametrize("sizes", [{"frames": 10}, {"vocabulary": 1}])
def test_what_tokens_do_not_fill_is_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be a multiple of 4, and at least 2"):
        TokenGenerator(**sizes)
