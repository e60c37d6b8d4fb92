# SPDX-License-Identifier: GPL-3.0-or-later
"""Models to be found and fetched: another program's store on disk, and the registry on loopback."""

import hashlib
import json
import os
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / 'registry'))

from server import Server  # noqa: E402, F401
from store import Store  # noqa: E402, F401

DEMO = TESTS.parent / 'data/minimind2-small-q8_0.gguf'
FOREIGN = 'tiny:26m'
NAME_FIELD = 'Name or link, such as qwen2.5:3b'  # of the Models page

# As an article for beginners has it; the base is one that is here.
MODELFILE = f'''# Modelfile内容
FROM {FOREIGN}
# 设置线程数(根据你CPU的核心数)
PARAMETER num_thread 2
# 设置批处理大小(CPU适合小批次)
PARAMETER batch_size 1
# 量化设置
PARAMETER quantize q4_0 # 4位量化,更快更省内存
SYSTEM You are a teacher.
'''

# Free memory with which the demo model fits with less context only.
TIGHT_MIB = 556


def make_computer(folder, free_mebibytes):
    """A computer of 4 GiB with so much free, as a tree of files: for --machine-root."""
    path = pathlib.Path(folder, 'proc')
    path.mkdir(parents=True, exist_ok=True)
    free = free_mebibytes * 1024
    (path / 'meminfo').write_text(
        f'MemTotal: 4194304 kB\nMemFree: {free} kB\nMemAvailable: {free} kB\n', encoding='utf-8')
    return folder


def catalogue_entry(name, title, **more):
    """A model of the catalogue, of the shape of the demo model."""
    return {
        'id': name, 'title': title, 'family': 'Finch', 'billions': 0.026, 'parameters': 25829888,
        'architecture': 'llama',
        'shape': {'vocabulary': 6400, 'embedding': 512, 'layers': 8, 'feed_forward': 1408,
                  'heads': 8, 'kv_heads': 2, 'head': 64, 'context': 32768, 'tied': True},
        'licence': 'Apache-2.0', 'licence_url': 'https://www.apache.org/licenses/LICENSE-2.0',
        'languages': ['en', 'zh'],
        'strengths': {'chat': 3, 'writing': 2, 'code': 1, 'reasoning': 1},
        'files': [{'quantisation': 'Q8_0', 'references': [f'{name}:q8_0']}],
        **more,
    }


def write_catalogue(*models):
    """Makes models, as of catalogue_entry(), the user's own catalogue. Returns its path."""
    path = pathlib.Path(os.environ['XDG_CONFIG_HOME']) / 'linnet' / 'catalogue.json'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({'version': 1, 'models': models}), encoding='utf-8')
    return path


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


def get_by_name(app, name):
    """Writes a name into the Models page's field and applies it."""
    app.write(app.focus('text', NAME_FIELD), name)
    app.find('button', 'Apply')
    app.keys('Return')
