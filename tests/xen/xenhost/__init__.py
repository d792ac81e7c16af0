# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests/xen/run adds to tests/vm/harness: Xen, dom0 and its guests."""
