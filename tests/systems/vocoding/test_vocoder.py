"""The neural vocoder: its terms, that it learns, and that what was trained is used."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import torchaudio

from speechgan.cli.main import main
from speechgan.data.waves import VocoderData, WaveBatch, WaveCrops
from speechgan.features.mel import MelVoice
from speechgan.inference import vocoders
from speechgan.inference.vocoders import load_vocoder
from speechgan.losses.closeness import Closeness
from speechgan.models.discriminators.wave import PeriodDiscriminator, WaveDiscriminator
from speechgan.models.vocoders.vocos import Vocos
from speechgan.pretrained import folder as model_folder
from speechgan.systems.base import Step
from speechgan.systems.enhancement.wave import WaveJudge
from speechgan.systems.matching_game import match_features
from speechgan.systems.vocoding.vocoder import VocoderGAN
from speechgan.training.run import only
from speechgan.utils.errors import SpeechganError
from speechgan.vocoders.neural import NeuralVocoder

Recordings = dict[str, tuple[np.ndarray, np.ndarray]]
DATA = Path(__file__).parents[2] / "assets"
SMALL = {"channels": 32, "hidden": 64, "blocks": 2}


def make_system(vocoder: Vocos | None = None, **closeness: float) -> VocoderGAN:
    torch.manual_seed(0)
    discriminator = WaveDiscriminator((4, 4, 4, 4, 4), 4, periods=(2, 3), resolutions=(512,))
    generator = vocoder or Vocos(MelVoice(), **SMALL)
    terms = Closeness(**(closeness or {"log_mel": 45.0}))
    return VocoderGAN(MelVoice(), generator, discriminator, terms)


@pytest.fixture(scope="module")
def batch(recordings: Recordings) -> WaveBatch:
    waves = [torch.from_numpy(clean[8000:16192]) for _, clean in recordings.values()]
    return WaveBatch(torch.stack(waves))


def test_terms_are_nearly_the_same_in_half_precision(batch: WaveBatch) -> None:
    system = make_system()
    for player in system.turns:
        found = []
        for mixed in (False, True):
            with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
                terms = system.losses(player, Step(batch, system.turns))
            torch.stack(list(terms.values())).sum().backward()
            found.append({name: float(term.detach()) for name, term in terms.items()})
        assert found[1] == pytest.approx(found[0], rel=0.05, abs=0.02)


@pytest.mark.parametrize("order", [1, -1])
def test_players_move_their_own_weights_in_any_order(batch: WaveBatch, order: int) -> None:
    system = make_system()
    step = Step(batch, system.turns)
    for player in system.turns[::order]:
        system.zero_grad()
        with only(system, player):
            terms = system.losses(player, step)
            torch.stack(list(terms.values())).sum().backward()
        mine = {id(p) for p in system.players()[player]}
        moved = {id(p) for p in system.parameters() if p.grad is not None and p.grad.any()}
        assert moved and moved <= mine
    assert {"score/period/real", "score/resolution/fake"} <= set(system.observations())
    assert system.observations() == {}


def test_what_the_generator_made_is_judged_and_not_made_again(batch: WaveBatch) -> None:
    system, runs = make_system(), []
    system.generator.register_forward_hook(lambda *_: runs.append(1))
    step = Step(batch, system.turns)
    for player in ("generator", "discriminator"):
        system.losses(player, step)
    assert len(runs) == 1


def test_without_a_discriminator_only_closeness_counts(batch: WaveBatch) -> None:
    terms = make_system().losses("generator", Step(batch, {"generator"}))
    assert set(terms) == {"closeness/log_mel"}


def test_a_critic_that_no_penalty_would_hold_is_refused() -> None:
    networks = MelVoice(), Vocos(MelVoice(), **SMALL), WaveDiscriminator((4,), 4)
    with pytest.raises(ValueError, match="wgan_gp: needs a penalty"):
        VocoderGAN(*networks, Closeness(log_mel=45.0), "wgan_gp")
    with pytest.raises(ValueError, match="wgan_gp: needs a penalty"):
        WaveJudge(networks[-1], "wgan_gp")


def test_learns_to_make_the_image_again(batch: WaveBatch) -> None:
    system = make_system()
    rate = torch.optim.AdamW(system.players()["generator"], 3e-3)
    losses = []
    for _ in range(60):
        loss = system.losses("generator", Step(batch, {"generator"}))["closeness/log_mel"]
        rate.zero_grad()
        loss.backward()
        rate.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_found_phase_is_griffin_lims(recordings: Recordings) -> None:
    """A network that corrects nothing is Griffin-Lim from the pseudo-inverse of the mel filters."""
    mel = MelVoice()
    vocoder = Vocos(mel, **SMALL, iterations=8).eval()
    torch.nn.init.zeros_(vocoder.leave.weight)
    image = mel.mel(torch.from_numpy(recordings["p228_wind"][1][8000:23872])[None])
    with torch.no_grad():
        wave = vocoder(image)
    magnitude = (torch.linalg.pinv(mel.mel.filters) @ image[:, 0].exp()).clamp(min=1e-5)
    expected = torchaudio.functional.griffinlim(
        magnitude, mel.mel.window, 1024, 256, 1024, 1.0, 8, 0.99, 15872, False
    )
    # Iterations amplify rounding, which differs between processors: by 1e-3 in single precision.
    assert torch.allclose(wave, expected, atol=1e-2 * expected.abs().max())


def test_found_phase_lets_the_magnitude_learn(batch: WaveBatch) -> None:
    vocoder = Vocos(MelVoice(), **SMALL, iterations=4)
    system = make_system(vocoder)
    loss = system.losses("generator", Step(batch, {"generator"}))["closeness/log_mel"]
    loss.backward()
    gradients = [weight.grad for weight in vocoder.parameters()]
    assert all(g is not None and g.isfinite().all() for g in gradients)
    assert vocoder.leave.weight.grad.any()


def test_any_term_of_closeness_by_name(batch: WaveBatch) -> None:
    system = make_system(wave=2.0)
    terms = system.losses("generator", Step(batch, {"generator"}))
    made = system.infer(batch)
    assert terms["closeness/wave"].item() == pytest.approx(
        2 * (made - batch.wave).abs().mean().item(), rel=1e-4
    )


def test_period_discriminator_folds_the_wave() -> None:
    """A wave of that period is the same in every row: features do not change down the columns."""
    discriminator = PeriodDiscriminator(5, (4, 4))
    with torch.no_grad():
        _, (first, _) = discriminator(torch.arange(5.0).repeat(40)[None])
    inner = first[0, :, 2:-2]
    assert first.shape[-1] == 5 and torch.allclose(inner, inner[:, :1].expand_as(inner), atol=1e-6)


def test_features_match_themselves() -> None:
    features = [torch.randn(2, 3), torch.randn(4)]
    assert match_features(features, features) == 0
    assert match_features(features, [f + 1 for f in features]) == pytest.approx(1)


def test_crops_are_numbered_and_at_many_levels(tmp_path: Path) -> None:
    crops, held = VocoderData(DATA, tmp_path, batch_size=8, seconds=0.5, valid_fraction=0.3).open()
    assert isinstance(crops, WaveCrops) and len(held) >= 1
    wave = crops[3].wave
    assert wave.shape == (8, 8000) and wave.equal(crops[3].wave) and not wave.equal(crops[4].wave)
    level = 20 * wave.square().mean(1).sqrt().log10()
    assert level.min() > -40 and level.max() < -15 and level.max() - level.min() > 5


def test_no_speech_is_named(tmp_path: Path) -> None:
    (tmp_path / "noise").mkdir()
    soundfile.write(tmp_path / "noise" / "a.wav", np.zeros(1000), 16000)
    with pytest.raises(SpeechganError, match="add some below speech/"):
        VocoderData(tmp_path, tmp_path).open()


def test_a_trained_one_ships_and_is_chosen_where_it_fits(
    tmp_path: Path, recordings: Recordings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = [
        *(f"generator.{key}={value}" for key, value in SMALL.items()),
        "data.batch_size=2",
        "data.seconds=0.5",
        "data.valid_items=1",
        "trainer.max_steps=2",
        "trainer.workers=0",
        "trainer.turns.discriminator.start=0",
        "trainer.accelerator=cpu",
        f"data.root={DATA}",
        f"data.cache={tmp_path}",
        f"run.folder={tmp_path / 'run'}",
    ]
    assert main(["train", "vocoder", *settings]) == 0
    assert "From log-mel spectrograms" in (tmp_path / "run" / "best" / "card.md").read_text()
    (tmp_path / "run" / "best").rename(tmp_path / "vocoder")
    monkeypatch.setattr(model_folder, "SHIPPED", tmp_path)
    monkeypatch.setattr(vocoders, "list_models", model_folder.list_models)
    vocoder = load_vocoder(MelVoice())
    assert isinstance(vocoder, NeuralVocoder)
    wave = recordings["p228_wind"][1]
    for samples in (1, 700, len(wave)):
        voice = MelVoice().analyse(wave[:samples])
        assert vocoder.synthesise(voice, samples).shape == (samples,)
    with pytest.raises(SpeechganError, match="none ships that fits"):
        load_vocoder(MelVoice(hop_length=128), "neural")
