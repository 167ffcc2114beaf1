"""What makes small trainings small."""

from collections.abc import Iterator

import pytest

from speechgan.training.validation.generation import GenerationValidation


@pytest.fixture(scope="module", autouse=True)
def few_images() -> Iterator[None]:
    """Validations judge 60 generated images: judging 600 is most of a training of two steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GenerationValidation.__init__, "__defaults__", (60,))
        yield
