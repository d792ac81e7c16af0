# SPDX-License-Identifier: GPL-3.0-or-later
"""A claim: what holds on a Xen host that cordon guards.

It has a description, what is expected and a function that returns what was
seen on the bed (bed.py), both as text.  Each "does not" has a "does" beside
it, so that a dead network does not look isolated.
"""

CLAIMS = []


class Claim:
    """'hard': for the tests only, not for the demo.  'says' is printed
    before it, and if 'drops' all counters."""

    def __init__(self, text, expected, see, hard=False, says=None,
                 drops=False):
        self.text = text
        self.expected = expected
        self.see = see
        self.hard = hard
        self.says = says
        self.drops = drops

    def seen(self, bed):
        """What is seen, or what went wrong, on one line."""
        try:
            return self.see(bed)
        except Exception as e:   # pylint: disable=broad-except
            bed.say(str(e))
            text = " ".join(str(e).split())
            return "%s: %s" % (type(e).__name__, text[:400])


def claim(text, expected, **options):
    """Adds the decorated function to the table as a claim."""
    def add(see):
        CLAIMS.append(Claim(text, expected, see, **options))
        return see
    return add


def line(c, seen):
    """The line that the demo prints of a claim."""
    return "%s  %s  expected=%s  seen=%s" % (
        "OK  " if seen == c.expected else "FAIL", c.text, c.expected, seen)
