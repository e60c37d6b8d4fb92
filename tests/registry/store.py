# SPDX-License-Identifier: GPL-3.0-or-later
"""What the test registry offers, and how the three registries answer for it: Ollama's, Hugging
Face's and ModelScope's paths, JSON, headers and redirects. Knows nothing of sockets."""

import hashlib
import json
import random
import re
import threading
import urllib.parse
from dataclasses import dataclass, field

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
LAYER_TYPE = "application/vnd.ollama.image."
# Smaller files of a Hugging Face repository are not in its large file storage.
SMALL_BYTES = 64 * 1024


class Content:
    """The bytes of one file: in memory, or on disk and read when asked for."""

    def __init__(self, data=None, path=None):
        assert (data is None) != (path is None)
        self.data, self.path = data, path
        digest = hashlib.sha256()
        if data is not None:
            digest.update(data)
            self.size = len(data)
        else:
            self.size = 0
            with open(path, "rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
                    self.size += len(block)
        self.sha256 = digest.hexdigest()
        self.etag = f'"{self.sha256}"'

    def read(self, offset, n_bytes):
        if self.data is not None:
            return self.data[offset : offset + n_bytes]
        with open(self.path, "rb") as file:
            file.seek(offset)
            return file.read(n_bytes)

    def git_etag(self):
        data = self.read(0, self.size)
        return '"' + hashlib.sha1(b"blob %d\0" % self.size + data).hexdigest() + '"'


def make_content(description, folder="."):
    """A Content from bytes, a path, or {"path"} | {"text"} | {"size", "seed"}."""
    if isinstance(description, Content):
        return description
    if isinstance(description, (bytes, bytearray)):
        return Content(data=bytes(description))
    if isinstance(description, str):
        description = {"path": description}
    if "text" in description:
        return Content(data=description["text"].encode())
    if "size" in description:
        generator = random.Random(description.get("seed", 0))
        return Content(data=generator.randbytes(description["size"]))
    return Content(path=f"{folder}/{description['path']}" if folder != "." else description["path"])


@dataclass
class Answer:
    """What is to be sent, were nothing to go wrong."""

    status: int = 200
    headers: list = field(default_factory=list)
    content: Content = None
    # A redirect's goal on the other host, with the Location still to be made.
    cdn: Content = None
    location: str = None
    # What a redirect claims to have as its body, which has none.
    lying_length: int = None


def json_answer(value, status=200, content_type="application/json"):
    data = json.dumps(value, separators=(",", ":")).encode()
    return Answer(status, [("Content-Type", content_type)], Content(data=data))


def not_found(message="not found"):
    return json_answer({"errors": [{"code": "MANIFEST_UNKNOWN", "message": message}]}, 404)


def quantisation(path):
    """Of a GGUF file, from its name: "Q4_K_M"; "" where it says none."""
    match = re.search(r"[-._]((?:i?q\d\w*?|f16|bf16|f32))(?:-\d{5}-of-\d{5})?\.gguf$", path, re.I)
    return match.group(1).upper() if match else ""


class Store:
    """Everything that is offered. Filled before or while it is served, from any thread."""

    def __init__(self):
        self.lock = threading.Lock()
        self.contents = {}
        self.ollama = {}
        self.hugging_face = {}
        self.modelscope = {}
        self.plain = {}

    def add(self, content):
        with self.lock:
            return self.contents.setdefault(content.sha256, content)

    def add_plain(self, path, description, folder="."):
        """A file of no registry, at /files/PATH."""
        content = self.add(make_content(description, folder))
        self.plain[path] = content
        return content

    def add_ollama(self, name, weights, folder=".", **texts):
        """name: "qwen2.5:3b" or "owner/model:tag"; texts: template, system, params, license,
        messages: strings or, for the JSON ones, what json can write."""
        name, _, tag = name.partition(":")
        if "/" not in name:
            name = "library/" + name
        model = self.add(make_content(weights, folder))
        layers = [self.layer("model", model)]
        for kind, text in texts.items():
            if text is None:
                continue
            data = text.encode() if isinstance(text, str) else json.dumps(text).encode()
            layers.append(self.layer(kind, self.add(Content(data=data))))
        self.ollama.setdefault(name.lower(), {})[tag or "latest"] = self.manifest(layers)
        return model

    def add_repository(self, table, name, files, revision):
        contents = {path: self.add(content) for path, content in files.items()}
        entry = table.setdefault(name, {"revision": revision, "files": {}})
        entry["files"].update(contents)
        return contents

    def add_hugging_face(self, name, files, folder=".", revision="main"):
        made = {path: make_content(one, folder) for path, one in files.items()}
        return self.add_repository(self.hugging_face, name, made, revision)

    def add_modelscope(self, name, files, folder=".", revision="master"):
        made = {path: make_content(one, folder) for path, one in files.items()}
        return self.add_repository(self.modelscope, name, made, revision)

    def load(self, description, folder="."):
        """description: {"ollama": [{"name", "weights", "template", …}],
        "hugging_face" | "modelscope": [{"name", "files": {path: content}}],
        "files": {path: content}}. Returns {path: {"sha256", "size"}} of the last."""
        for model in description.get("ollama", []):
            model = dict(model)
            self.add_ollama(model.pop("name"), model.pop("weights"), folder, **model)
        for model in description.get("hugging_face", []):
            self.add_hugging_face(model["name"], model["files"], folder)
        for model in description.get("modelscope", []):
            self.add_modelscope(model["name"], model["files"], folder)
        added = {}
        for path, content in description.get("files", {}).items():
            content = self.add_plain(path, content, folder)
            added[path] = {"sha256": content.sha256, "size": content.size}
        return added

    def layer(self, kind, content):
        return {
            "mediaType": LAYER_TYPE + kind,
            "digest": "sha256:" + content.sha256,
            "size": content.size,
        }

    def manifest(self, layers):
        config = {"model_format": "gguf", "architecture": "amd64", "os": "linux"}
        config = self.add(Content(data=json.dumps(config).encode()))
        return {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "digest": "sha256:" + config.sha256,
                "size": config.size,
            },
            "layers": layers,
        }

    # What is asked for.

    def answer(self, target):
        """Of the first host, to a GET or HEAD. A first folder "ollama", "hf" or "modelscope" says
        which registry is meant; without one all are looked through."""
        parts = urllib.parse.urlsplit(target)
        path = urllib.parse.unquote(parts.path)
        query = urllib.parse.parse_qs(parts.query)
        which = None
        match = re.match(r"/(ollama|hf|modelscope)(/.*)", path)
        if match:
            which, path = match.group(1), match.group(2)
        for pattern, method in ROUTES:
            if match := re.fullmatch(pattern, path):
                return method(self, which, query, *match.groups())
        return not_found()

    def registry_manifest(self, which, query, name, tag):
        if which in (None, "ollama") and name.lower() in self.ollama:
            manifest = self.ollama[name.lower()].get(tag)
            if manifest:
                return json_answer(manifest, content_type=MANIFEST_TYPE)
        tables = {"hf": self.hugging_face, "modelscope": self.modelscope}
        for key, table in tables.items():
            if which in (None, key) and name in table:
                return self.repository_manifest(table[name]["files"], tag)
        return not_found("manifest unknown")

    def repository_manifest(self, files, tag):
        wanted = "Q4_K_M" if tag == "latest" else tag.upper()
        found = [path for path in sorted(files) if quantisation(path) == wanted]
        if not found and tag == "latest":
            found = [path for path in sorted(files) if path.endswith(".gguf")]
        if not found:
            return not_found("The specified tag is not available in the repository.")
        if re.search(r"-\d{5}-of-\d{5}\.gguf$", found[0]):
            return json_answer({"error": "The specified tag is a sharded GGUF."}, 400)
        layers = [self.layer("model", files[found[0]])]
        for kind in ("template", "system", "params"):
            if kind in files:
                layers.append(self.layer(kind, files[kind]))
        return json_answer(self.manifest(layers), content_type=MANIFEST_TYPE)

    def registry_blob(self, which, query, name, digest):
        content = self.contents.get(digest)
        if not content:
            return not_found("blob unknown")
        if which == "modelscope" or (which is None and name in self.modelscope):
            # A chain, whose first link claims a body that it does not have.
            return Answer(307, location=f"/hop/{digest}", lying_length=321)
        return Answer(307, cdn=content)

    def hop(self, which, query, digest):
        content = self.contents.get(digest)
        return Answer(307, cdn=content) if content else not_found()

    def hugging_face_file(self, which, query, name, revision, path):
        entry = self.hugging_face.get(name)
        content = entry and revision in (entry["revision"], "main") and entry["files"].get(path)
        if not content:
            return Answer(404, [("X-Error-Code", "EntryNotFound")], Content(data=b"Entry not found"))
        headers = [("X-Repo-Commit", hashlib.sha1(name.encode()).hexdigest())]
        if content.size < SMALL_BYTES:
            return Answer(200, headers + [("ETag", content.git_etag())], content)
        headers += [
            ("X-Linked-Size", str(content.size)),
            ("X-Linked-ETag", content.etag),
            ("ETag", content.etag),
            ("Accept-Ranges", "bytes"),
        ]
        return Answer(302, headers, cdn=content)

    def hugging_face_info(self, which, query, name):
        entry = self.hugging_face.get(name)
        if not entry:
            return json_answer({"error": "Repository not found"}, 404)
        siblings = [{"rfilename": path} for path in sorted(entry["files"])]
        return json_answer({"id": name, "siblings": siblings})

    def hugging_face_tree(self, which, query, name, revision):
        entry = self.hugging_face.get(name)
        if not entry:
            return json_answer({"error": "Repository not found"}, 404)
        rows = []
        for path, content in sorted(entry["files"].items()):
            row = {"type": "file", "path": path, "size": content.size}
            row["oid"] = content.git_etag().strip('"') if content.size < SMALL_BYTES else "0" * 40
            if content.size >= SMALL_BYTES:
                row["lfs"] = {"oid": content.sha256, "size": content.size, "pointerSize": 135}
            if "/" in path and "true" not in query.get("recursive", []):
                continue
            rows.append(row)
        return json_answer(rows)

    def modelscope_file(self, which, query, name, revision, path):
        entry = self.modelscope.get(name)
        content = entry and entry["files"].get(path)
        if not content:
            return json_answer({"Code": 10010205001, "Message": "not found", "Success": False}, 404)
        headers = [("X-Linked-ETag", content.sha256), ("X-Linked-Size", str(content.size))]
        if content.size < SMALL_BYTES:
            return Answer(200, headers, content)
        return Answer(302, headers, cdn=content)

    def modelscope_repo(self, which, query, name):
        path = query.get("FilePath", [""])[0]
        return self.modelscope_file(which, query, name, "master", path)

    def modelscope_list(self, which, query, name):
        entry = self.modelscope.get(name)
        if not entry:
            return json_answer({"Code": 10010205001, "Message": "not found", "Success": False}, 404)
        recursive = "true" in [value.lower() for value in query.get("Recursive", [])]
        files = [
            {
                "Name": path.rpartition("/")[2],
                "Path": path,
                "Size": content.size,
                "Sha256": content.sha256,
                "Revision": hashlib.sha1(path.encode()).hexdigest(),
                "Type": "blob",
            }
            for path, content in sorted(entry["files"].items())
            if recursive or "/" not in path
        ]
        return json_answer({"Code": 200, "Data": {"Files": files}, "Success": True})

    def plain_file(self, which, query, path):
        content = self.plain.get(path)
        if not content:
            return not_found()
        return Answer(200, [("ETag", content.etag), ("Accept-Ranges", "bytes")], content)


ROUTES = [
    (r"/v2/([^/]+/[^/]+)/manifests/([^/]+)", Store.registry_manifest),
    (r"/v2/([^/]+/[^/]+)/blobs/sha256[:-]([0-9a-f]{64})", Store.registry_blob),
    (r"/hop/([0-9a-f]{64})", Store.hop),
    (r"/files/(.+)", Store.plain_file),
    (r"/models/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", Store.modelscope_file),
    (r"/api/v1/models/([^/]+/[^/]+)/repo", Store.modelscope_repo),
    (r"/api/v1/models/([^/]+/[^/]+)/repo/files", Store.modelscope_list),
    (r"/api/models/([^/]+/[^/]+)", Store.hugging_face_info),
    (r"/api/models/([^/]+/[^/]+)/tree/([^/]+)", Store.hugging_face_tree),
    (r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", Store.hugging_face_file),
]
