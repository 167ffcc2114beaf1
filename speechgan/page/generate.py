"""The tab that generates spoken digits."""

import importlib.util
from functools import cached_property
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from speechgan import audio
from speechgan.page.exhibits import draw_words
from speechgan.page.parts import Page, player
from speechgan.page.visits import plain_errors
from speechgan.pretrained.folder import find_model, list_models
from speechgan.pretrained.labels import load_labels
from speechgan.utils.errors import SpeechganError
from speechgan.utils.extras import missing_extra

if TYPE_CHECKING:
    from speechgan.inference.generation.generator import Generated, Generator

MODEL = "digits"
PAUSE_SECONDS = 0.2


class GenerateTab:
    """Generates a word from noise and labels, or interpolates between two words."""

    title = "Generate"

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def is_of_use(self) -> bool:
        """Whether the model exists."""
        return MODEL in list_models()

    def show(self) -> None:
        """Adds its components to the page."""
        if importlib.util.find_spec("torch") is None:
            gr.Markdown(str(missing_extra("torch", "This tab")))
            return
        labels = load_labels(find_model(MODEL))
        digits, speakers = list(labels.digits), list(labels.speakers)
        with gr.Row():
            with gr.Column():
                digit = gr.Dropdown(digits, label="Digit", value=digits[0])
                speaker = gr.Dropdown(speakers, label="Speaker", value=speakers[0])
                seed = gr.Number(0, minimum=0, precision=0, label="Seed")
                begin = gr.Button("Generate", variant="primary")
                with gr.Accordion("Walk from there to another word", open=False):
                    to_digit = gr.Dropdown(digits, label="To digit", value=digits[-1])
                    to_speaker = gr.Dropdown(speakers, label="To speaker", value=speakers[0])
                    to_seed = gr.Number(0, minimum=0, precision=0, label="To seed")
                    steps = gr.Slider(2, 12, 8, step=1, label="Words, both ends among them")
                    walk = gr.Button("Walk")
            with gr.Column():
                outputs = [player("Generated"), gr.HTML()]
        first = [digit, speaker, seed]
        self.page.run(begin, self.generate, inputs=first, outputs=outputs)
        ways = [*first, to_digit, to_speaker, to_seed, steps]
        self.page.run(walk, self.walk, inputs=ways, outputs=outputs)

    def generate(
        self, digit: str, speaker: str, seed: int | None, request: gr.Request
    ) -> tuple[str, str]:
        """One word: its sound and its picture.

        Args:
            digit, speaker: labels of the word.
            seed: of the noise; None if the visitor has emptied the field.
            request: of the visitor.

        Raises:
            gradio.Error: an error that the visitor can remedy.
        """
        with plain_errors(self.page.visits.folder):
            number = _require(seed)
            words = self.generator.generate(1, digit, speaker, number)
            return self._write(words, f"{digit}_{speaker}_{number}", request)

    def walk(
        self,
        digit: str,
        speaker: str,
        seed: int | None,
        to_digit: str,
        to_speaker: str,
        to_seed: int | None,
        steps: int,
        request: gr.Request,
    ) -> tuple[str, str]:
        """Words interpolated between two, in one sound, and their pictures.

        Args:
            digit, speaker, seed: of the first word.
            to_digit, to_speaker, to_seed: of the last.
            steps: how many words.
            request: of the visitor.

        Raises:
            gradio.Error: an error that the visitor can remedy.
        """
        with plain_errors(self.page.visits.folder):
            seeds = _require(seed), _require(to_seed)
            words = self.generator.walk(steps, (digit, to_digit), (speaker, to_speaker), seeds)
            return self._write(words, f"{digit}_{speaker}-{to_digit}_{to_speaker}", request)

    def _write(self, words: "list[Generated]", name: str, request: gr.Request) -> tuple[str, str]:
        visitor, rate = request.session_hash or "", self.generator.sample_rate
        target = self.page.visits.make_folder(visitor, self.title) / f"{name}.wav"
        pause = np.zeros(round(PAUSE_SECONDS * rate), np.float32)
        pieces = [part for word in words for part in (pause, word.wave)]
        audio.write(target, np.concatenate(pieces[1:]), rate)
        return str(target), draw_words([word.image for word in words])

    @cached_property
    def generator(self) -> "Generator":
        """Loaded at its first use: importing PyTorch takes seconds, and only this tab needs it."""
        from speechgan.inference.generation.generator import Generator

        return Generator.from_pretrained(MODEL, "cpu", engine="torch")


def _require(seed: int | None) -> int:
    if seed is None:
        raise SpeechganError("seed: none is given; write a whole number from 0 on")
    return seed
