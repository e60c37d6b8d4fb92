# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for the test registry, made anew each time by the openssl program.

  certificates.py FOLDER

  ca.pem         whoever vouches for the next three; no system knows it
  good.pem       for 127.0.0.1 and localhost
  expired.pem    the same, until the year 2021
  other.pem      for another host
  stranger.pem   another one that vouches, for nobody
All but ca.pem and stranger.pem have their key in them. Exit status 77: there is no openssl."""

import pathlib
import shutil
import subprocess
import sys

NO_OPENSSL = 77
HERE = "IP:127.0.0.1,DNS:localhost"
# openssl ca is the one command that, in every version, can begin and end a certificate in the past.
CONFIGURATION = """
[req]
distinguished_name = none
[none]
[ca]
default_ca = it
[it]
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
"""


class Maker:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.configuration = self.folder / "openssl.cnf"
        self.configuration.write_text(CONFIGURATION.format(folder=folder), encoding="utf-8")
        (self.folder / "index").write_text("", encoding="utf-8")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True,
                       stdin=subprocess.DEVNULL, capture_output=True)

    def make_key(self, name):
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-out", f"{name}.key")

    def make_authority(self, name):
        self.make_key(name)
        self.openssl("req", "-x509", "-new", "-config", self.configuration, "-extensions",
                     "authority", "-key", f"{name}.key", "-days", "2",
                     "-subj", f"/CN=Linnet test {name}", "-out", f"{name}.pem")

    def make(self, name, hosts, *dates):
        self.make_key(name)
        self.openssl("req", "-new", "-config", self.configuration, "-key", f"{name}.key",
                     "-subj", f"/CN={name}", "-addext", f"subjectAltName={hosts}",
                     "-out", f"{name}.csr")
        self.openssl("ca", "-batch", "-notext", "-config", self.configuration, "-cert", "ca.pem",
                     "-keyfile", "ca.key", "-in", f"{name}.csr", "-out", f"{name}.crt",
                     *(dates or ("-days", "2")))
        both = "".join((self.folder / f"{name}.{ending}").read_text(encoding="ascii")
                       for ending in ("key", "crt"))
        (self.folder / f"{name}.pem").write_text(both, encoding="ascii")


def make(folder):
    """False: there is no openssl."""
    if not shutil.which("openssl"):
        return False
    maker = Maker(folder)
    maker.make_authority("ca")
    maker.make_authority("stranger")
    maker.make("good", HERE)
    maker.make("expired", HERE, "-startdate", "20200101000000Z", "-enddate", "20210101000000Z")
    maker.make("other", "DNS:other.example")
    return True


if __name__ == "__main__":
    sys.exit(0 if make(sys.argv[1]) else NO_OPENSSL)
