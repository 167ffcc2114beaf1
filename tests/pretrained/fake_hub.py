"""A hub on this machine: what huggingface_hub asks the real one, of repositories in memory."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

OWNER_TOKEN = "secret"


class FakeHub(ThreadingHTTPServer):
    """Repositories by name, of revisions by name, of files by path.

    Attributes:
        repositories: what it holds.
        private: names of those that only the owner's token opens.
        asked: paths of all requests so far.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.repositories: dict[str, dict[str, dict[str, bytes]]] = {}
        self.private: set[str] = set()
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def find(self, name: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """The commit and the files of a revision, or of a commit."""
        for branch, files in self.repositories.get(name, {}).items():
            commit = hashlib.sha1(repr((name, branch, sorted(files.items()))).encode()).hexdigest()
            if revision in (branch, commit):
                return commit, files
        return None


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: FakeHub

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        if parts[:2] == ["api", "models"]:
            name, (what, revision) = "/".join(parts[2:4]), parts[4:6] or ("revision", "main")
            found = self.open(name, revision)
            if found is None:
                return
            commit, files = found
            if what == "tree":
                self.send([self.describe(path, data) for path, data in files.items()])
            else:
                siblings = [{"rfilename": path} for path in files]
                self.send({"id": name, "sha": commit, "siblings": siblings, "tags": []})
        elif len(parts) > 4 and parts[2] == "resolve":
            found = self.open("/".join(parts[:2]), parts[3])
            if found is None:
                return
            commit, files = found
            data = files["/".join(parts[4:])]
            tag = self.describe("", data)["oid"]
            self.send(data, {"ETag": f'"{tag}"', "X-Repo-Commit": commit})
        else:
            self.send({})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        parts = [unquote(part) for part in self.path.strip("/").split("/")]
        if self.headers.get("Authorization") != f"Bearer {OWNER_TOKEN}":
            self.refuse(401, "Invalid username or password.")
        elif parts[:2] == ["api", "repos"]:
            wish = json.loads(body)
            name = f"{wish['organization']}/{wish['name']}"
            self.server.repositories.setdefault(name, {"main": {}})
            if wish.get("private") or wish.get("visibility") == "private":
                self.server.private.add(name)
            self.send({"url": f"{self.server.address}/{name}"})
        elif parts[1] == "validate-yaml":
            self.send({"errors": [], "warnings": []})
        elif parts[4] == "branch":
            self.server.repositories["/".join(parts[2:4])][parts[5]] = {}
            self.send({})
        elif parts[4] == "preupload":
            files = [file["path"] for file in json.loads(body)["files"]]
            modes = [{"path": p, "uploadMode": "regular", "shouldIgnore": False} for p in files]
            self.send({"files": modes})
        elif parts[4] == "commit":
            name, lines = "/".join(parts[2:4]), [json.loads(line) for line in body.splitlines()]
            files = self.server.repositories[name][parts[5]]
            for line in lines:
                if line["key"] == "file":
                    files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            commit = self.server.find(name, parts[5])[0]
            address = f"{self.server.address}/{name}/commit/{commit}"
            self.send({"commitUrl": address, "commitOid": commit, "success": True})

    def open(self, name: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """What is there; None, and an answer that says why, if whoever asks may not know it."""
        owner = self.headers.get("Authorization") == f"Bearer {OWNER_TOKEN}"
        if name not in self.server.repositories or (name in self.server.private and not owner):
            return self.refuse(404, "Repository not found", "RepoNotFound")
        found = self.server.find(name, revision)
        if found is None:
            return self.refuse(404, "Invalid rev id", "RevisionNotFound")
        return found

    def describe(self, path: str, data: bytes) -> dict[str, Any]:
        """As a tree lists it."""
        oid = hashlib.sha1(data).hexdigest()
        return {"type": "file", "path": path, "size": len(data), "oid": oid}

    def refuse(self, code: int, text: str, kind: str = "") -> None:
        """An answer that is an error, as the hub words it."""
        self.send({"error": text}, {"X-Error-Message": text, "X-Error-Code": kind}, code)

    def send(self, body: Any, headers: dict[str, str] | None = None, code: int = 200) -> None:
        """Bytes, or what is to become JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        named = {"Content-Type": kind, "Content-Length": str(len(data)), **(headers or {})}
        for name, value in named.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Keeps quiet."""
