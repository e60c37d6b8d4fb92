# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with an answer of the test registry: rules that say which request is hit by
which fault, and schedules of them drawn from a seed.

A rule is a dictionary: which requests it is for,
  "path"     a regular expression that is searched for in the path; all unless told
  "host"     "origin" or "cdn"; both unless told
  "method"   "GET" or "HEAD"; both unless told
  "ranged"   True: only requests for a range that does not begin at 0; False: only the others
  "skip"     how many such requests go well before
  "times"    how many are hit, 0: all of them; 1 unless told
and "fault", with what belongs to it:
  "cut" bytes         the connection is closed after so many bytes of the body
  "reset" bytes       the same, with a reset
  "stall" bytes       nothing comes after so many bytes, until the client or the server gives up
  "slow" seconds      the answer begins late
  "drip" rate         so many bytes a second
  "endless"           a body without an end, and no length
  "ignore-range"      200 with everything
  "wrong-range" shift the Content-Range says another place, the bytes come from it
  "no-range"          206 without a Content-Range
  "wrong-size"        the Content-Range (or the length) says that the file is longer by "by" bytes
  "short" bytes       a valid answer with fewer bytes than were asked for
  "flip" offset       one bit of that byte of the file is wrong (offset −1: one within the answer)
  "changed"           the file is another one of the same size now, with another ETag, until the
                      rules are cleared
  "status" status     with "retry_after" seconds, "challenge" (for 401)
  "redirect" location to a URL, or "loop", or "other": the same path on the other host
  "no-etag"           no ETag is told
  "garbage"           no HTTP at all
  "bad-headers"       headers that are none
  "refuse"            the connection is closed without a word"""

import random
import re
import threading

# With what a schedule may go wrong.
KINDS = [
    "cut",
    "reset",
    "stall",
    "slow",
    "endless",
    "ignore-range",
    "wrong-range",
    "no-range",
    "wrong-size",
    "short",
    "flip",
    "changed",
    "status",
    "redirect",
    "no-etag",
    "garbage",
    "bad-headers",
    "refuse",
]
STATUSES = [401, 403, 404, 408, 416, 429, 500, 502, 503]


class Faults:
    """The rules of one server. Any thread."""

    def __init__(self):
        self.lock = threading.Lock()
        self.clear()

    def clear(self):
        with self.lock:
            self.rules = []
            self.schedule = None
            self.changed = set()

    def add(self, rule):
        rule = dict(rule)
        if "fault" not in rule:
            raise ValueError("a rule needs a fault")
        rule["seen"] = 0
        with self.lock:
            self.rules.append(rule)

    def set_schedule(self, seed, n_faults, probability=0.5, kinds=None):
        """From now on any request for a file goes wrong with that probability, n_faults in all."""
        with self.lock:
            self.schedule = {
                "random": random.Random(seed),
                "left": n_faults,
                "probability": probability,
                "kinds": kinds or KINDS,
            }

    def find(self, method, host, path, first_byte, is_file):
        """The rule that this request is hit by, if any."""
        with self.lock:
            for rule in self.rules:
                if not matches(rule, method, host, path, first_byte):
                    continue
                rule["seen"] += 1
                n = rule["seen"] - rule.get("skip", 0)
                if n > 0 and (rule.get("times", 1) == 0 or n <= rule.get("times", 1)):
                    return rule
            if self.schedule and is_file:
                return draw(self.schedule)
        return None


def matches(rule, method, host, path, first_byte):
    return (
        rule.get("method", method) == method
        and rule.get("host", host) == host
        and rule.get("ranged", first_byte > 0) == (first_byte > 0)
        and re.search(rule.get("path", ""), path) is not None
    )


def draw(schedule):
    chance = schedule["random"]
    if schedule["left"] == 0 or chance.random() >= schedule["probability"]:
        return None
    schedule["left"] -= 1
    return {
        "fault": chance.choice(schedule["kinds"]),
        "bytes": chance.choice([0, 1, chance.randrange(1 << 16), chance.randrange(1 << 20)]),
        "seconds": chance.random() * 0.2,
        "shift": chance.choice([-4096, 1, 4096]),
        "by": chance.choice([-1, 1, 100000]),
        "offset": -1,
        "status": chance.choice(STATUSES),
        "location": chance.choice(["loop", "other"]),
    }
