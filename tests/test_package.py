"""What `import speechgan` gives."""

import subprocess
import sys

import numpy as np
import pytest

import speechgan


def test_all_that_users_name_is_there_and_nothing_else():
    for name in speechgan.__all__:
        assert getattr(speechgan, name)
    with pytest.raises(AttributeError, match="no attribute 'Enhancr'"):
        _ = speechgan.Enhancr


def test_errors_that_a_user_can_remedy_are_caught_by_the_packages_own():
    with pytest.raises(speechgan.SpeechganError, match="not empty"):
        speechgan.Enhancer.from_pretrained("tiny")(np.zeros(0), 16000)


def test_nothing_heavy_is_imported_before_it_is_used():
    code = (
        "import speechgan, sys; print(sorted({'torch', 'onnxruntime', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
