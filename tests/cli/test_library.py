#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives linnet-cli's commands for models against a registry on loopback. See clilib.py."""
import json
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from clilib import (
    DEMO, LONG_QUESTION, PROGRAM, TIMEOUT, expect, expect_complaint, expect_ok, main, run, test,
)

sys.path.insert(0, os.environ["LINNET_TEST_REGISTRY"])
import certificates  # noqa: E402
from server import Server  # noqa: E402

SLOW_RATE = 1_500_000
ARTICLE = """# Modelfile内容
FROM mini:1b
# 设置线程数(根据你CPU的核心数)
PARAMETER num_thread 2
# 设置批处理大小(CPU适合小批次)
PARAMETER batch_size 1
# 量化设置
PARAMETER quantize q4_0 # 4位量化,更快更省内存
"""


class Home:
    """A home folder of its own, and a registry with the demo model in it. Usable as a context.
    tls: a key and its certificate: the registry speaks HTTPS."""

    def __init__(self, tls=None):
        self.tls = tls

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="linnet-cli-"))
        self.server = Server(tls=self.tls).start()
        store = self.server.store
        store.add_ollama("mini:1b", str(DEMO), system="You are a bird.", license="Apache License\n2",
                         params={"temperature": 0, "seed": 3, "stop": ["<|im_end|>"]})
        store.add_hugging_face("Org/Mini-GGUF", {"mini-q8_0.gguf": str(DEMO),
                                                 "mini-q2_k.gguf": {"size": 90000}})
        store.add_modelscope("Org/Mini-GGUF", {"mini-q8_0.gguf": str(DEMO)})
        store.add_plain("mini.gguf", str(DEMO))
        url = self.server.url
        self.environment = {
            "HOME": str(self.path), "XDG_DATA_HOME": str(self.path / "data"),
            "XDG_CACHE_HOME": str(self.path / "cache"), "GSETTINGS_BACKEND": "memory",
            "XDG_CONFIG_HOME": str(self.path / "config"),
            "LINNET_MODEL_FOLDER": str(self.path / "models"),
            "LINNET_OLLAMA_REGISTRY": url + "/ollama", "LINNET_HUGGING_FACE": url + "/hf",
            "LINNET_MODELSCOPE": url + "/modelscope", "SSL_CERT_FILE": "",
        }
        for name in ("OLLAMA_MODELS", "HF_HOME", "HF_HUB_CACHE", "MODELSCOPE_CACHE"):
            self.environment[name] = ""
        return self

    def __exit__(self, *unused):
        self.server.stop()
        shutil.rmtree(self.path, ignore_errors=True)

    def run(self, *arguments, **more):
        return run(*arguments, **more, **self.environment)

    def start(self, *arguments, **more):
        return subprocess.Popen([PROGRAM, *arguments], env={**os.environ, **self.environment},
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **more)

    def files(self):
        folder = self.path / "models"
        return sorted(p.name for p in folder.rglob("*") if p.is_file()) if folder.exists() else []

    def sent(self):
        return sum(row["sent"] for row in self.server.log if "/blobs/" in row["target"]
                   or row["host"] == "cdn")

    def wait_for_bytes(self, n_bytes):
        end = time.monotonic() + 60
        while self.sent() < n_bytes:
            expect(time.monotonic() < end, "nothing is fetched")
            time.sleep(0.05)


def names(home):
    return [model["name"] for model in json.loads(expect_ok(home.run("list", "--json")).stdout)]


@test
def pull_from_everywhere():
    with Home() as home:
        expect(home.run("list").stderr.startswith("There are no models yet"), "a full library")
        result = expect_ok(home.run("pull", "mini:1b"))
        expect("linnet-cli chat mini:1b" in result.stdout, result.stdout)
        expect("Asking the registry" in result.stderr or result.stderr, result.stderr)
        for reference in (["hf.co/Org/Mini-GGUF:Q8_0", "modelscope.cn/Org/Mini-GGUF:Q8_0"],
                          [home.server.url + "/files/mini.gguf"], [str(DEMO)]):
            expect_ok(home.run("pull", *reference))
        found = names(home)
        expect(len(found) == 4 and "mini:1b" in found, found)
        table = expect_ok(home.run("list")).stdout
        expect("mini:1b" in table and "Q8_0" in table and "Linnet" in table, table)
        answer = expect_ok(home.run("chat", "mini:1b", "-p", "Hello", "-n", "8")).stdout
        again = expect_ok(home.run("chat", "-m", "MINI:1b", "-p", "Hello", "-n", "8")).stdout
        expect(answer.strip() and answer == again, answer, again)
        expect_ok(home.run("inspect", "mini:1b"))


@test
def pull_over_https():
    """From all registries, once it is known who vouches for them."""
    with tempfile.TemporaryDirectory(prefix="linnet-tls-") as folder:
        if not certificates.make(folder):
            return "there is no openssl to make certificates with"
        with Home(tls=f"{folder}/good.pem") as home:
            for reference in ("mini:1b", "hf.co/Org/Mini-GGUF:Q8_0", home.server.url + "/files/mini.gguf"):
                refused = home.run("pull", reference)
                if "TLS" in refused.stderr and "SSL_CERT_FILE" not in refused.stderr:
                    return "GLib has no TLS here: glib-networking is not installed"
                expect_complaint(refused, 1, "SSL_CERT_FILE")
                expect(home.server.log == [] and home.files() == [], home.server.log, home.files())
            home.environment["SSL_CERT_FILE"] = f"{folder}/ca.pem"
            expect_ok(home.run("pull", "mini:1b"))
            expect_ok(home.run("pull", "hf.co/Org/Mini-GGUF:Q8_0", "modelscope.cn/Org/Mini-GGUF:Q8_0"))
            expect_ok(home.run("pull", home.server.url + "/files/mini.gguf"))
            expect(len(names(home)) == 3, names(home))
            expect(home.server.url.startswith("https:") and home.sent() > 0, home.server.url)


@test
def show_and_remove():
    with Home() as home:
        expect_ok(home.run("pull", "mini:1b"))
        shown = expect_ok(home.run("show", "mini:1b"))
        expect("You are a bird." in shown.stdout and "Apache License" in shown.stdout, shown.stdout)
        expect(expect_ok(home.run("show", "--licence", "mini:1b")).stdout == "Apache License\n2\n",
               "another licence")
        recipe = expect_ok(home.run("show", "--modelfile", "mini:1b")).stdout
        expect(recipe.startswith("FROM mini:1b\n") and "PARAMETER seed 3" in recipe, recipe)
        model = json.loads(expect_ok(home.run("show", "--json", "mini:1b")).stdout)
        expect(model["bytes"] == DEMO.stat().st_size and len(model["sha256"]) == 64, model)
        # Nobody says yes, so nothing goes.
        refused = home.run("rm", "mini:1b")
        expect(refused.returncode == 1 and "--yes" in refused.stderr, refused.stderr)
        expect(names(home) == ["mini:1b"], "it is gone")
        removed = expect_ok(home.run("rm", "--yes", "mini:1b"))
        expect("frees 27" in removed.stderr, removed.stderr)
        expect(home.files() == [], home.files())
        expect_complaint(home.run("rm", "--yes", "mini:1b"), 1, "linnet-cli pull mini:1b")
        expect_complaint(home.run("show", "mini:1b"), 1, "mini:1b")


@test
def modelfile_of_the_article():
    with Home() as home:
        expect_ok(home.run("pull", "mini:1b"))
        path = home.path / "Modelfile"
        path.write_text(ARTICLE, encoding="utf-8")
        made = expect_ok(home.run("create", "-f", path, "quick"))
        expect("Line 6: “batch_size”" in made.stderr and "Line 8: “quantize”" in made.stderr,
               made.stderr)
        recipe = expect_ok(home.run("show", "--modelfile", "quick")).stdout
        expect("num_thread 2" in recipe and "You are a bird." in recipe, recipe)
        expect_complaint(home.run("create", "-f", path, "other", "more"), 2)
        again = home.run("create", "-f", path, "quick")
        expect(again.returncode == 1 and "already" in again.stderr, again.stderr)
        # The weights stay for as long as someone needs them.
        expect_ok(home.run("rm", "--yes", "mini:1b"))
        expect_ok(home.run("chat", "quick", "-p", "Hello", "-n", "4"))
        expect_ok(home.run("rm", "--yes", "quick"))
        expect(home.files() == [], home.files())


@test
def parameters_are_applied():
    with Home() as home:
        recipe = f"FROM {DEMO}\nPARAMETER temperature 0\nPARAMETER num_predict 12\n"

        def ask(name, more, *options):
            expect_ok(run("create", "-f", "-", name, stdin=(recipe + more).encode(),
                          **home.environment))
            return expect_ok(home.run("chat", name, "-p", LONG_QUESTION, *options))

        plain = ask("plain", "")
        expect("12 tokens written" in plain.stderr, plain.stderr)
        text = plain.stdout.strip()
        stopped = ask("stopped", f"PARAMETER stop {text[5]}\n").stdout.strip()
        expect(stopped == text[:text.index(text[5])].strip(), text, stopped)
        told = ask("told", "SYSTEM Answer in English.\nMESSAGE user 你好\n"
                           "MESSAGE assistant Hello!\n").stdout.strip()
        expect(told and told != text, "the messages change nothing", told)
        longer = ask("longer", "", "-n", "15")
        expect("15 tokens written" in longer.stderr, "-n does not hold", longer.stderr)


@test
def killed_and_continued():
    with Home() as home:
        home.server.options["rate"] = SLOW_RATE
        process = home.start("pull", "mini:1b")
        home.wait_for_bytes(8_000_000)
        process.kill()
        process.communicate(timeout=TIMEOUT)
        expect(names(home) == [], "half a model is in the list")
        before = home.sent()
        home.server.options["rate"] = 0
        expect_ok(home.run("pull", "mini:1b"))
        total = DEMO.stat().st_size
        expect(home.sent() < total + total // 2, "all was fetched again", before, home.sent(), total)
        model = json.loads(expect_ok(home.run("list", "--json")).stdout)[0]
        expect(pathlib.Path(model["path"]).read_bytes() == DEMO.read_bytes(), "other bytes")
        expect(len(home.files()) == 2, home.files())


@test
def interrupted():
    with Home() as home:
        home.server.options["rate"] = SLOW_RATE
        process = home.start("pull", "mini:1b")
        home.wait_for_bytes(3_000_000)
        process.send_signal(signal.SIGINT)
        output, complaint = process.communicate(timeout=TIMEOUT)
        expect(process.returncode == 130, process.returncode, complaint)
        expect(b"goes on from there" in complaint, complaint)
        home.server.options["rate"] = 0
        expect_ok(home.run("pull", "mini:1b"))
        expect(names(home) == ["mini:1b"], names(home))


@test
def progress_on_a_terminal():
    with Home() as home:
        home.server.options["rate"] = 8_000_000
        controller, terminal = pty.openpty()
        process = subprocess.Popen(
            [PROGRAM, "pull", "mini:1b"], stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal,
            env={**os.environ, **home.environment, "TERM": "xterm"})
        os.close(terminal)
        seen = b""
        end = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < end:
            if select.select([controller], [], [], 0.1)[0]:
                try:
                    seen += os.read(controller, 65536)
                except OSError:
                    break
        expect(process.wait(timeout=TIMEOUT) == 0, seen)
        os.close(controller)
        expect(b"[#" in seen and b"/s" in seen and b"left" in seen, seen[-3000:])


@test
def refusals():
    with Home() as home:
        for arguments, status, word in (
            (["pull"], 2, "qwen2.5:3b"),
            (["pull", "qwen 2.5"], 1, "no name of a model"),
            (["pull", "mini:2b"], 1, "no such model"),
            (["pull", "hf.co/Org/Mini-GGUF:Q6_K"], 1, "Q2_K, Q8_0"),
            (["pull", "http://example.org/x.gguf"], 1, "https"),
            (["pull", str(home.path / "none.gguf")], 1, "none.gguf"),
            (["rm"], 2, "delete"),
            (["show"], 2, "show"),
            (["show", "mini:1b"], 1, "linnet-cli pull mini:1b"),
            (["show", str(DEMO)], 1, "linnet-cli inspect"),
            (["show", str(DEMO) + ".not"], 1, "There is no file"),
            (["create", "x", "-f", str(home.path / "none")], 1, "none"),
            (["chat", "mini:1b", "-p", "x"], 1, "linnet-cli pull mini:1b"),
            (["list", "superfluous"], 2, "superfluous"),
        ):
            result = home.run(*arguments)
            lines = [line for line in result.stderr.splitlines() if line.startswith("linnet-cli: ")]
            expect(result.returncode == status and result.stdout == "", arguments, result)
            expect(lines and word in result.stderr, arguments, result.stderr)
        result = home.run("pull", "hf.co/Org/Mini-GGUF:Q2_K")
        expect(result.returncode == 1 and "GGUF" in result.stderr, result.stderr)
        expect(home.files() == [], home.files())


@test
def models_of_other_programs():
    with Home() as home:
        place = home.path / ".lmstudio/models/pub/repo"
        place.mkdir(parents=True)
        shutil.copy(DEMO, place / "mini-Q8_0.gguf")
        expect(names(home) == ["pub/repo/mini-Q8_0"], names(home))
        expect("LM Studio" in expect_ok(home.run("list")).stdout, "whose is it?")
        expect_ok(home.run("chat", "pub/repo/mini-Q8_0", "-p", "Hello", "-n", "2"))
        result = home.run("rm", "--yes", "pub/repo/mini-Q8_0")
        expect(result.returncode == 1 and "LM Studio" in result.stderr, result.stderr)
        expect((place / "mini-Q8_0.gguf").exists(), "it is gone")


sys.exit(main())
