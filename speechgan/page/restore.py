"""The tab that restores a recording."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from speechgan.page.exhibits import draw_pictures, format_scores, load_excerpts, score
from speechgan.page.parts import Page, buttons, player
from speechgan.page.recordings import accept
from speechgan.page.visits import BAR, plain_errors, report
from speechgan.service.models import RESTORE


class RestoreTab:
    """Restores a damaged recording."""

    title = "Restore"

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def is_of_use(self) -> bool:
        """Whether a model for it is served."""
        return RESTORE in self.page.models.names("enhance")

    def show(self) -> None:
        """Adds its components to the page."""
        with gr.Row():
            with gr.Column():
                recording = self.page.add_recorder("Damaged recording")
                strength = gr.Slider(0, 1, 1, step=0.05, label="Strength")
                begin, stop = buttons("Restore")
            with gr.Column():
                restored, scores = player("Restored"), gr.HTML()
        pictures = gr.HTML()
        outputs = [restored, pictures, scores]
        self.page.run(begin, self.restore, stop, inputs=[recording, strength], outputs=outputs)

    def restore(
        self,
        recording: str | None,
        strength: float,
        request: gr.Request,
        bar: gr.Progress = BAR,
    ) -> Iterator[tuple[Any, Any, Any]]:
        """Yields the sound first, then the spectrograms, then the scores.

        Args:
            recording: path of the upload; None without one.
            strength: 0 to 1.
            request: of the visitor.
            bar: for progress.

        Raises:
            gradio.Error: an error that the visitor can remedy.
        """
        visitor = request.session_hash or ""
        with plain_errors(self.page.visits.folder):
            source, seconds = accept(recording, self.page.limits)
            stop = self.page.visits.begin(visitor)
            target = self.page.visits.make_folder(visitor, self.title)
            target /= f"{source.stem}.restored.wav"
            self.page.models.restorer(None).restore_file(
                source, target, strength=strength, progress=report(bar, seconds, stop)
            )
            yield str(target), "", ""
            excerpts = load_excerpts({"Before": source, "After": target})
            yield gr.skip(), draw_pictures(excerpts), ""
            yield gr.skip(), gr.skip(), format_scores(score(excerpts, None), seconds)
