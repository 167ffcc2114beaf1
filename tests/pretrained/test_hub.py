"""Models of the hub: fetched, kept, put there. The hub is one of our own, on this machine."""

import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import constants

from speechgan import Enhancer
from speechgan.cli.main import main
from speechgan.pretrained.folder import SHIPPED, find_model
from speechgan.pretrained.hub import FILES, fetch_model, push_to_hub, save_pretrained
from speechgan.pretrained.loading import load_model
from speechgan.utils.errors import SpeechganError
from tests.pretrained.fake_hub import OWNER_TOKEN, FakeHub

TINY = SHIPPED / "tiny"


def reach(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """What HF_ENDPOINT sets, before the first import."""
    files = "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + files)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    """With `me/tiny` in two revisions, and files in it that nobody wants."""
    hub = FakeHub()
    files = {path.name: path.read_bytes() for path in TINY.iterdir()}
    other = files | {"card.md": b"# another\n", "model.py": b"1 / 0", "model.pt": b"pickle"}
    hub.repositories["me/tiny"] = {"main": files, "v2": other}
    reach(monkeypatch, hub.address)
    for name in ("HF_HUB_ETAG_TIMEOUT", "HF_HUB_DOWNLOAD_TIMEOUT"):
        monkeypatch.setattr(constants, name, 120)  # a hub on a busy machine
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    fetch_model.cache_clear()
    yield hub
    fetch_model.cache_clear()
    hub.shutdown()


def test_a_model_of_the_hub_is_the_one_that_was_put_there(hub: FakeHub) -> None:
    wave = np.random.default_rng(0).uniform(-0.3, 0.3, 8000).astype(np.float32)
    enhanced = Enhancer.from_pretrained("me/tiny")(wave, 16000)
    np.testing.assert_array_equal(enhanced, Enhancer.from_pretrained("tiny")(wave, 16000))
    assert load_model("me/tiny").card == load_model("tiny").card


def test_it_is_served_by_its_own_name_and_not_by_that_of_a_commit(hub: FakeHub) -> None:
    from speechgan.service.models import Models

    for name in ("me/tiny", "me/tiny@v2"):
        assert Models([name]).names("enhance") == ["tiny"]


def test_a_revision_is_named_behind_the_model(hub: FakeHub) -> None:
    assert load_model("me/tiny@v2").card == "# another\n"
    commit, _ = hub.find("me/tiny", "v2")
    assert find_model(f"me/tiny@{commit}") == find_model("me/tiny@v2")
    # What could run is not even fetched.
    assert {path.name for path in find_model("me/tiny@v2").iterdir()} <= set(FILES)


def test_it_is_fetched_once_and_without_a_network_it_is_still_there(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_model("me/tiny")
    count = len(hub.asked)
    find_model("me/tiny")
    assert len(hub.asked) == count
    fetch_model.cache_clear()
    with socket.socket() as free:  # a port where nobody listens
        free.bind(("127.0.0.1", 0))
        reach(monkeypatch, f"http://127.0.0.1:{free.getsockname()[1]}")
        assert load_model("me/tiny").card == load_model("tiny").card
        with pytest.raises(SpeechganError, match="me/other: no such folder, and the hub cannot be"):
            find_model("me/other")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("me/nothing", "me/nothing: no such folder, and the hub shows no such model"),
        ("me/tiny@v3", "me/tiny@v3: no such folder, and the hub has no such revision of it"),
        ("me/empty", "me/empty: holds no config.yaml, so it is not a model of speechgan"),
        ("nothing", "nothing: no such model; name a model folder or one of: .*tiny"),
        ("a/b/c", "a/b/c: no such model; name a model folder or one of: .*tiny"),
        ("tiny/", r"no such model .did you mean tiny\?.; name a model folder"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(hub: FakeHub, name: str, text: str) -> None:
    hub.repositories["me/empty"] = {"main": {"a.txt": b""}}
    with pytest.raises(SpeechganError, match=text) as caught:
        find_model(name)
    assert "\n" not in str(caught.value)


def test_a_misspelt_folder_is_told_where_there_is_no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    fetch_model.cache_clear()
    with pytest.raises(SpeechganError, match=r"runs/bst: no such folder, .*speechgan\[hub\]"):
        find_model("runs/bst")


def test_a_folder_goes_before_the_hub(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(TINY, tmp_path / "me" / "tiny")
    monkeypatch.chdir(tmp_path)
    assert find_model("me/tiny") == Path("me/tiny")
    assert not hub.asked


def test_a_private_model_opens_to_its_owner(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.private.add("me/tiny")
    with pytest.raises(SpeechganError, match="if it is private, log in"):
        find_model("me/tiny")
    monkeypatch.setenv("HF_TOKEN", OWNER_TOKEN)
    assert find_model("me/tiny").is_dir()


def test_what_is_pushed_comes_back(hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    address = push_to_hub("tiny", "me/mine", private=True, token=OWNER_TOKEN)
    assert address.startswith(f"{hub.address}/me/mine/commit/")
    assert "me/mine" in hub.private
    files = hub.repositories["me/mine"]["main"]
    assert files["model.safetensors"] == (TINY / "model.safetensors").read_bytes()
    page = files["README.md"].decode()
    assert page.startswith("---\nlibrary_name: speechgan\npipeline_tag: audio-to-audio\n")
    assert page.endswith((TINY / "card.md").read_text())
    push_to_hub("tiny", "me/mine", revision="next", token=OWNER_TOKEN)
    assert hub.repositories["me/mine"]["next"].keys() == files.keys()


def test_the_command_saves_and_pushes(
    hub: FakeHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["models", "save", "tiny", str(tmp_path / "mine")]) == 0
    assert load_model(tmp_path / "mine").card == load_model("tiny").card
    monkeypatch.setenv("HF_TOKEN", OWNER_TOKEN)
    assert main(["models", "push", str(tmp_path / "mine"), "me/mine"]) == 0
    assert f"{hub.address}/me/mine" in capsys.readouterr().out
    assert main(["models", "show", "me/mine"]) == 0
    assert capsys.readouterr().out.strip() == load_model("tiny").card.strip()


@pytest.mark.parametrize("repository", ["mine", "a/b@c", "a/b/c", "../b"])
def test_only_to_places_of_the_hub(hub: FakeHub, repository: str) -> None:
    with pytest.raises(SpeechganError, match="must be owner/model"):
        push_to_hub("tiny", repository)


def test_without_the_right_nothing_is_pushed(hub: FakeHub) -> None:
    with pytest.raises(SpeechganError, match=r"me/mine: the hub says: .*Invalid user") as caught:
        push_to_hub("tiny", "me/mine", token="wrong")
    assert "\n" not in str(caught.value)
    assert "me/mine" not in hub.repositories


def test_a_model_of_no_task_is_not_saved(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED / "tiny", tmp_path / "foreign")
    config = tmp_path / "foreign" / "config.yaml"
    config.write_text(config.read_text().replace("task: enhance", "task: foo"))
    with pytest.raises(SpeechganError, match=r"config\.yaml: task foo: must be one of enhance, "):
        save_pretrained(tmp_path / "foreign", tmp_path / "saved")
    assert not (tmp_path / "saved").exists()


def test_saving_does_not_replace_what_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "a.txt").write_text("mine")
    with pytest.raises(SpeechganError, match="exists, and is not another model"):
        save_pretrained("tiny", tmp_path / "thesis")
    assert (tmp_path / "thesis" / "a.txt").read_text() == "mine"
    save_pretrained("tiny", tmp_path / "model")
    save_pretrained("default", tmp_path / "model")
    assert load_model(tmp_path / "model").card == load_model("default").card
    with pytest.raises(SpeechganError, match="exists, and is not another model"):
        save_pretrained(tmp_path / "model", tmp_path / "model")
