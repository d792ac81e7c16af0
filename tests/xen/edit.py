# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits of the policy that is in force, as text, as an operator would."""

import re

from bed import POLICY


def policy(bed):
    """The policy as it was before the first edit."""
    if "policy" not in bed.once:
        with open(POLICY, encoding="utf-8") as file:
            bed.once["policy"] = file.read()
    return bed.once["policy"]


def apply(bed, text):
    with open(POLICY, "w", encoding="utf-8") as file:
        file.write(text)
    code, said = bed.cordon("apply", POLICY)
    assert code == 0, said


def interface(text, guest, *lines, network=None):
    """'text' with more keys in, or another network of, a guest's
    interface."""
    def edit(match):
        keys = "".join("            %s\n" % line for line in lines)
        own = match[2] if network is None else network
        return "%snetwork: %s\n%s" % (match[1], own, keys)
    changed, n = re.subn(r"(      %s:\n(?:        .*\n)*?            )"
                         r"network: (\w+)\n" % guest, edit, text)
    assert n == 1, guest
    return changed
