import torch

from speechgan.models.layers.level import RunningLevel


def test_running_level_is_the_bias_corrected_mean_and_skips_silence():
    level = RunningLevel(frames=4.0)
    sizes = [0.0, 2.0, 0.0, 4.0, 1.0]
    found, _ = level(torch.tensor(sizes).expand(1, 1, 3, 5), torch.zeros(1, 2))
    decay, total, weight, expected = 0.75, 0.0, 0.0, []
    for size in sizes:
        total, weight = total * decay + size, weight * decay + (size > 0)
        expected.append(total / weight if weight else 0.0)
    torch.testing.assert_close(found[0, 0, 0, 1:], torch.tensor(expected[1:]))
