# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of claims that the demo prints and "make check-xen" tests.

They are in order: later ones build on what earlier ones have done.
"""

from claim import CLAIMS, line   # noqa: F401
# In this order.
import claims_talk       # noqa: F401
import claims_forgery    # noqa: F401
import claims_closed     # noqa: F401
import claims_agent      # noqa: F401
import claims_module     # noqa: F401
import claims_rules      # noqa: F401
import claims_services   # noqa: F401
import claims_audit      # noqa: F401
import claims_plug       # noqa: F401
import claims_end        # noqa: F401


def claims(hard):
    return [c for c in CLAIMS if hard or not c.hard]
