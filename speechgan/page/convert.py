"""The tab that converts a recording to another speaker's voice."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from speechgan.inference.conversion.converter import Converter
from speechgan.inference.vocoders import load_vocoder
from speechgan.page.exhibits import draw_pictures, load_excerpts
from speechgan.page.parts import Page, buttons, player
from speechgan.page.recordings import accept
from speechgan.page.visits import BAR, plain_errors, report

AUTO = "auto"


class ConvertTab:
    """Converts a recording to another voice."""

    title = "Convert"

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def is_of_use(self) -> bool:
        """Whether models for it are served."""
        return bool(self.page.models.names("convert"))

    def show(self) -> None:
        """Adds its components to the page."""
        names = self.page.models.names("convert")
        speakers, vocoders = self._choices(names[0])
        with gr.Row():
            with gr.Column():
                recording = self.page.add_recorder("Recording of a voice")
                model = gr.Dropdown(names, label="Model", value=names[0])
                speaker = gr.Dropdown(speakers, label="Target speaker", value=speakers[0][1])
                pitch = gr.Slider(-12, 12, 0, step=0.5, label="Pitch shift in semitones")
                vocoder = gr.Dropdown(vocoders, label="Vocoder", value=AUTO)
                begin, stop = buttons("Convert")
            with gr.Column():
                converted = player("Converted")
        pictures = gr.HTML()
        model.change(self.choose, model, [speaker, vocoder], queue=False, api_visibility="private")
        inputs = [recording, model, speaker, pitch, vocoder]
        self.page.run(begin, self.convert, stop, inputs=inputs, outputs=[converted, pictures])

    def choose(self, model: str) -> tuple[gr.Dropdown, gr.Dropdown]:
        """The lists of speakers and vocoders of a model."""
        speakers, vocoders = self._choices(model)
        return (
            gr.Dropdown(speakers, value=speakers[0][1]),
            gr.Dropdown(vocoders, value=AUTO),
        )

    def convert(
        self,
        recording: str | None,
        model: str,
        speaker: str,
        pitch: float,
        vocoder: str,
        request: gr.Request,
        bar: gr.Progress = BAR,
    ) -> Iterator[tuple[Any, Any]]:
        """Yields the sound first, then the spectrograms.

        Args:
            recording: path of the upload; None without one.
            model, speaker, vocoder: their names.
            pitch: shift in semitones.
            request: of the visitor.
            bar: for progress.

        Raises:
            gradio.Error: an error that the visitor can remedy.
        """
        visitor = request.session_hash or ""
        with plain_errors(self.page.visits.folder):
            source, seconds = accept(recording, self.page.limits)
            stop = self.page.visits.begin(visitor)
            converter = self._converter(model, vocoder)
            # Before the speaker's name becomes part of a path.
            converter.check(speaker, None, pitch)
            target = self.page.visits.make_folder(visitor, self.title)
            target /= f"{source.stem}.{speaker}.wav"
            converter.convert_file(
                source, target, speaker, pitch_shift=pitch, progress=report(bar, seconds, stop)
            )
            yield str(target), ""
            excerpts = load_excerpts({"Before": source, "After": target})
            yield gr.skip(), draw_pictures(excerpts)

    def _choices(self, model: str) -> tuple[list[tuple[str, str]], list[str]]:
        """A model's speakers, each as its label and its name, and vocoders."""
        converter = self.page.models.converter(model)
        speakers = [
            (", ".join(filter(None, [x.name, x.sex, x.language])), x.name)
            for x in converter.speakers
        ]
        return speakers, [AUTO, *converter.network.features.vocoders]

    def _converter(self, model: str, vocoder: str) -> Converter:
        served = self.page.models.converter(model)
        if vocoder == AUTO:
            return served
        chosen = load_vocoder(served.network.features, vocoder)
        return Converter(served.network, chosen, served.threads)
