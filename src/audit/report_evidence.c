/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the report rests on: assumptions, and the snapshot with its hashes. */

#include <cordon-config.h>
#include "audit/report_private.h"

#include <inttypes.h>

#include "audit/host.h"
#include "audit/html.h"
#include "audit/snapshot.h"
#include "openvswitch/dynamic-string.h"
#include "util.h"

static void
put_field(const char *key, const char *value, struct ds *s)
{
    html_element(s, "dt", key);
    html_element(s, "dd", value);
}

/* A hash, in groups that can be compared by eye. */
static void
put_hash(const char *hex, struct ds *s)
{
    for (size_t i = 0; hex[i]; i++) {
        ds_put_format(s, "%s%c", i && i % 8 == 0 ? " " : "", hex[i]);
    }
}

static void
put_part(const struct snapshot_part *part, struct ds *s)
{
    bool read = part->kind == SNAPSHOT_NETLINK || part->kind == SNAPSHOT_FILES;

    ds_put_cstr(s, "<tr>");
    html_element(s, "td class='mono'", part->name);
    switch (part->kind) {
    case SNAPSHOT_NETLINK:
        html_format(s, "td", "%zu bytes", part->n);
        break;
    case SNAPSHOT_FILES:
        html_format(s, "td", "%zu file%s", part->n_files,
                    part->n_files == 1 ? "" : "s");
        break;
    case SNAPSHOT_ABSENT:
    case SNAPSHOT_UNREAD:
        html_format(s, "td", "not read%s",
                    part->matters ? ", and it matters" : "");
        break;
    }
    if (read) {
        ds_put_cstr(s, "<td class='mono hash'>");
        put_hash(part->link, s);
        ds_put_cstr(s, "</td>");
    } else {
        html_element(s, "td", part->kind == SNAPSHOT_UNREAD ? part->why : "");
    }
    ds_put_cstr(s, "</tr>\n");
}

static void
put_assumptions(const struct audit *a, struct ds *s)
{
    html_element(s, "h2", "Assumed");
    ds_put_cstr(s, "<ul class='assumed'>");
    for (size_t i = 0; i < a->n_assumptions; i++) {
        html_element(s, "li", a->assumptions[i]);
    }
    ds_put_cstr(s, "</ul>\n");
}

void
report_evidence(const struct audit *a, struct ds *s)
{
    const struct snapshot *snapshot = a->host->snapshot;
    const struct snapshot_header *h = snapshot_header(snapshot);
    const struct snapshot_part *parts;
    size_t n;

    put_assumptions(a, s);
    html_element(s, "h2", "Evidence");
    ds_put_cstr(s, "<dl class='evidence'>");
    put_field("Host", h->host, s);
    put_field("Snapshot of", h->time, s);
    put_field("Kernel", h->kernel, s);
    put_field("Machine", h->machine, s);
    put_field("Taken by", h->by, s);
    put_field("Signature",
              snapshot_verified(snapshot)
                  ? "Ed25519, verified with the key that was given"
              : snapshot_signed(snapshot)
                  ? "there is one; it was not verified: no key was given"
                  : "none",
              s);
    html_element(s, "dt", "SHA-256");
    ds_put_cstr(s, "<dd class='mono hash'>");
    put_hash(snapshot_chain(snapshot), s);
    ds_put_cstr(s, "</dd></dl>\n<p class='small'>The last link of the "
                   "snapshot's chain: it stands for all parts below, each of "
                   "whose links takes in the one before. "
                   "<code>cordon snapshot --verify FILE</code> prints it for "
                   "a file.</p>\n");
    ds_put_cstr(s, "<table class='parts'><thead><tr><th>Part</th><th>Holds"
                   "</th><th>Link of the chain</th></tr></thead><tbody>\n");
    parts = snapshot_parts(snapshot, &n);
    for (size_t i = 0; i < n; i++) {
        if (parts[i].kind != SNAPSHOT_ABSENT) {
            put_part(&parts[i], s);
        }
    }
    ds_put_cstr(s, "</tbody></table>\n<p class='small'>Absent on this host:");
    for (size_t i = 0; i < n; i++) {
        if (parts[i].kind == SNAPSHOT_ABSENT) {
            ds_put_char(s, ' ');
            html_element(s, "code", parts[i].name);
        }
    }
    ds_put_cstr(s, "</p>\n");
}
