"""The tab that enhances a recording."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from speechgan.page.exhibits import draw_pictures, format_scores, load_excerpts, score
from speechgan.page.parts import Page, buttons, player
from speechgan.page.recordings import accept, accept_reference
from speechgan.page.visits import BAR, plain_errors, report

NO_LIMIT = 60


class EnhanceTab:
    """Enhances a noisy recording."""

    title = "Enhance"

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def is_of_use(self) -> bool:
        """Whether models for it are served."""
        return bool(self.page.models.names("enhance"))

    def show(self) -> None:
        """Adds its components to the page."""
        names = self.page.models.names("enhance")
        with gr.Row():
            with gr.Column():
                recording = self.page.add_recorder("Noisy recording")
                model = gr.Dropdown(names, label="Model", value=names[0])
                strength = gr.Slider(0, 1, 1, step=0.05, label="Strength")
                limit = gr.Slider(
                    0,
                    NO_LIMIT,
                    NO_LIMIT,
                    step=1,
                    label=f"Attenuation limit, dB ({NO_LIMIT}: none)",
                )
                declip = gr.Checkbox(label="Make clipped peaks anew first")
                with gr.Accordion("Compare with a clean reference", open=False):
                    reference = self.page.add_recorder("Clean reference")
                begin, stop = buttons("Enhance")
            with gr.Column():
                enhanced, scores = player("Enhanced"), gr.HTML()
        pictures = gr.HTML()
        inputs = [recording, reference, model, strength, limit, declip]
        outputs = [enhanced, pictures, scores]
        self.page.run(begin, self.enhance, stop, inputs=inputs, outputs=outputs)

    def enhance(
        self,
        recording: str | None,
        reference: str | None,
        model: str,
        strength: float,
        limit: float,
        declip: bool,
        request: gr.Request,
        bar: gr.Progress = BAR,
    ) -> Iterator[tuple[Any, Any, Any]]:
        """Yields the sound first, then the spectrograms, then the scores.

        Args:
            recording, reference: paths of the uploads; None without one.
            model: its name.
            strength: 0 to 1.
            limit: of attenuation, in dB; `NO_LIMIT` for none.
            declip: whether to declip before.
            request: of the visitor.
            bar: for progress.

        Raises:
            gradio.Error: an error that the visitor can remedy.
        """
        visitor = request.session_hash or ""
        with plain_errors(self.page.visits.folder):
            source, seconds = accept(recording, self.page.limits)
            clean = accept_reference(reference, seconds, self.page.limits)
            stop = self.page.visits.begin(visitor)
            target = self.page.visits.make_folder(visitor, self.title)
            target /= f"{source.stem}.enhanced.wav"
            self.page.models.enhancer(model).enhance_file(
                source,
                target,
                strength=strength,
                attenuation_limit=None if limit == NO_LIMIT else limit,
                declip=declip,
                progress=report(bar, seconds, stop),
            )
            yield str(target), "", ""
            files = {"Before": source, "After": target}
            excerpts = load_excerpts(files if clean is None else files | {"Reference": clean})
            yield gr.skip(), draw_pictures(excerpts), ""
            scores = score(excerpts, excerpts.get("Reference"))
            yield gr.skip(), gr.skip(), format_scores(scores, seconds)
