# SPDX-License-Identifier: GPL-3.0-or-later
"""Models to be found and fetched: another program's store on disk, and the registry on loopback."""

import hashlib
import json
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / 'registry'))

from server import Server  # noqa: E402, F401
from store import Store  # noqa: E402, F401

DEMO = TESTS.parent / 'data/minimind2-small-q8_0.gguf'
FOREIGN = 'tiny:26m'


def make_ollama_store(root, weights):
    """A store as Ollama leaves it, with one model."""
    blobs = root / 'blobs'
    manifest = root / 'manifests/registry.ollama.ai/library' / FOREIGN.replace(':', '/')
    blobs.mkdir(parents=True)
    manifest.parent.mkdir(parents=True)

    def add(data, kind):
        digest = hashlib.sha256(data).hexdigest()
        (blobs / f'sha256-{digest}').write_bytes(data)
        return {'mediaType': kind, 'digest': f'sha256:{digest}', 'size': len(data)}

    manifest.write_text(json.dumps({
        'schemaVersion': 2,
        'mediaType': 'application/vnd.docker.distribution.manifest.v2+json',
        'config': add(b'{}', 'application/vnd.docker.container.image.v1+json'),
        'layers': [add(weights, 'application/vnd.ollama.image.model')],
    }), encoding='utf-8')
