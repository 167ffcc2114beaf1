"""Models on the Hugging Face hub, where a repository is a model folder."""

import os
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

from speechgan.pretrained.folder import (
    BLOCKS,
    CARD,
    CONFIG,
    ONNX,
    WEIGHTS,
    find_model,
    load_card,
    load_config,
)
from speechgan.pretrained.labels import LABELS
from speechgan.pretrained.speakers import SPEAKERS
from speechgan.utils.errors import SpeechganError
from speechgan.utils.extras import missing_extra
from speechgan.utils.files import replace_folder

FILES = (CONFIG, WEIGHTS, CARD, ONNX, BLOCKS, SPEAKERS, LABELS)
"""Only these files are fetched from a repository; none can be executed."""
PAGE = "README.md"
"""A copy of the card, which the hub shows."""
TAGS = {
    "enhance": ("audio-to-audio", "speech-enhancement"),
    "convert": ("audio-to-audio", "voice-conversion"),
    "generate": ("text-to-audio", "spoken-digits"),
    "vocoder": ("audio-to-audio", "vocoder"),
}
"""The hub's pipeline tag of a task, and our own tag."""
PLACE = re.compile(r"(?P<repository>\w[\w.-]*/\w[\w.-]*)(@(?P<revision>\w[\w./-]*))?")


def is_place(name: str) -> bool:
    """Whether a name is `owner/model` or `owner/model@revision`."""
    return PLACE.fullmatch(name) is not None


@cache
def fetch_model(name: str) -> Path:
    """The folder of a model on the hub, downloaded if it is not in the cache.

    Cache folder, use of the network, and access token are set by huggingface_hub's environment
    variables HF_HOME, HF_HUB_OFFLINE and HF_TOKEN.

    Args:
        name: `owner/model` or `owner/model@revision`, the latter a branch, a tag or a commit.

    Raises:
        SpeechganError: no such model or revision, no network and no cached copy, huggingface_hub is
            not installed.
    """
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HTTPError
    except ModuleNotFoundError:
        missing = missing_extra("huggingface_hub", "a model of the hub")
        raise SpeechganError(f"{name}: no such folder, and {missing}") from None
    place = PLACE.fullmatch(name)
    assert place is not None
    try:
        folder = snapshot_download(
            place["repository"],
            revision=place["revision"],
            allow_patterns=list(FILES),
            library_name="speechgan",
        )
    except (HTTPError, OSError, ValueError) as error:
        raise SpeechganError(f"{name}: no such folder, and {_tell(error)}") from None
    if not (Path(folder) / CONFIG).is_file():
        raise SpeechganError(f"{name}: holds no {CONFIG}, so it is not a model of speechgan")
    return Path(folder)


def save_pretrained(name: str | os.PathLike[str], folder: str | os.PathLike[str]) -> None:
    """Writes a model as on the hub: its files, and the card as a page with the hub's metadata.

    Args:
        name: a shipped model's name, a model folder, or `owner/model` on the hub.
        folder: target; an existing one is replaced if it is a model as well.

    Raises:
        SpeechganError: no such model, a folder that is something else, or it cannot be written.
    """
    source, target = find_model(name), Path(folder)
    if target.exists() and (not (target / CONFIG).is_file() or target.samefile(source)):
        raise SpeechganError(f"{target}: exists, and is not another model; choose another folder")
    page = describe(source)
    with replace_folder(target) as beside:
        for file in FILES:
            if (source / file).is_file():
                shutil.copyfile(source / file, beside / file)
        (beside / PAGE).write_text(page, encoding="utf-8")


def push_to_hub(
    name: str | os.PathLike[str],
    repository: str,
    *,
    revision: str | None = None,
    private: bool | None = None,
    token: str | None = None,
) -> str:
    """Uploads a model to the hub; the repository is created if it does not exist.

    Args:
        name: as of `save_pretrained`.
        repository: `owner/model`.
        revision: branch, created if it does not exist; None for the main one.
        private: whether a new repository is private.
        token: of the owner; None for that of HF_TOKEN or of `hf auth login`.

    Returns:
        The address of the upload's commit.

    Raises:
        SpeechganError: no such model, no right to write there, no network, or huggingface_hub is
            not installed.
    """
    if not is_place(repository) or "@" in repository:
        raise SpeechganError(f"{repository}: must be owner/model, as on the hub")
    try:
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HTTPError
    except ModuleNotFoundError:
        raise missing_extra("huggingface_hub", repository) from None
    api = HfApi(token=token, library_name="speechgan")
    with tempfile.TemporaryDirectory() as folder:
        save_pretrained(name, Path(folder) / "model")
        try:
            api.create_repo(repository, private=private, exist_ok=True)
            if revision is not None:
                api.create_branch(repository, branch=revision, exist_ok=True)
            done = api.upload_folder(
                repo_id=repository,
                folder_path=Path(folder) / "model",
                revision=revision,
                commit_message=f"{Path(name).name}, a model of speechgan",
            )
        except (HTTPError, OSError, ValueError) as error:
            raise SpeechganError(f"{repository}: {_tell(error)}") from None
    return str(done.commit_url)


def describe(folder: Path) -> str:
    """A model folder's card with the hub's metadata as its header.

    Raises:
        SpeechganError: unreadable, or of an unknown task.
    """
    task = load_config(folder)["task"]
    if task not in TAGS:
        raise SpeechganError(
            f"{folder / CONFIG}: task {task}: must be one of {', '.join(TAGS)}; get the model anew"
        )
    kind, tag = TAGS[task]
    head = ("---", "library_name: speechgan", f"pipeline_tag: {kind}", "tags:", f"- {tag}", "---")
    return "\n".join((*head, "", load_card(folder)))


def _tell(error: Exception) -> str:
    """A one-line message for an error of the hub or of the connection to it."""
    from huggingface_hub.errors import (
        GatedRepoError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if isinstance(error, RevisionNotFoundError):
        return "the hub has no such revision of it"
    if isinstance(error, GatedRepoError):
        return "the hub gives it only to whom it has been granted; log in with hf auth login"
    if isinstance(error, RepositoryNotFoundError):
        return "the hub shows no such model; if it is private, log in with hf auth login"
    if isinstance(error, LocalEntryNotFoundError):
        return "the hub cannot be reached, and no copy is kept"
    return f"the hub says: {' '.join(str(error).split())[:200]}"
