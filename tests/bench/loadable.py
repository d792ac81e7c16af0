# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes what `nft list ruleset` prints of cordon's table something that
`nft -f` takes.

nft lists loads that it knows no name for as raw ones ("@nh,64,48"), whose type
it then does not find to be that of the set; and it takes no limits of single
elements where the set has none. Neither matters for how long loading takes:
such rules, the same few for any number of ports, become comparisons with the
same verdict; limits go.
"""

import re

RAW_IN_KEY = re.compile(r"@(?:ll|nh|th),\d+,\d+[^;]*? \. | \. @(?:ll|nh|th),")
DYNAMIC = re.compile(r"\b(?:add|update|delete) @")
RAW_LOOKUP = re.compile(r"@(?:ll|nh|th),\d+,\d+(?: & 0x[0-9a-f]+)? "
                        r"(?:!= )?(?:map )?@[a-z]")
ZONE = re.compile(r"\bct zone set \S.* map @")    # From a map of marks.
VERDICT = re.compile(r"(?:(?:goto|jump) \S+|accept|drop|return)$")
LIMIT = re.compile(r" limit rate \d+/second burst \d+ packets")


def rule(line):
    """One rule, or the one that stands for it."""
    text = line.strip()
    if not (RAW_IN_KEY.search(text) or RAW_LOOKUP.search(text)
            or ZONE.search(text) or DYNAMIC.search(text) and "@nh" in text):
        return line
    verdict = VERDICT.search(text)
    return ("\t\tmeta mark 0x1 iif 1 meta pkttype other ip version 4 %s"
            % (verdict.group(0) if verdict else ""))


def loadable(listing):
    out, in_chain = [], False
    for line in listing.splitlines():
        if line.startswith("\t}"):
            in_chain = False
        if in_chain and not line.strip().startswith("type "):
            line = rule(line)
        if line.startswith("\tchain "):
            in_chain = True
        out.append(LIMIT.sub("", line))
    return "\n".join(out) + "\n"
