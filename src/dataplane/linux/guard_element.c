/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Elements as objects, field by field, for guard_want.c and
 * guard_segment.c. */

#include <cordon-config.h>
#include "dataplane/linux/guard_element.h"

#include <netinet/in.h>
#include <string.h>

#include "dataplane/linux/guard_rules.h"
#include "dataplane/linux/nft_element.h"
#include "dataplane/linux/nft_set.h"
#include "plan/plan.h"
#include "util.h"

struct guard_element
guard_element(const char *set, uint32_t ifindex, uint32_t segment)
{
    return (struct guard_element){
        .set = guard_set_by_name(set),
        .o = { .kind = OBJECT_NFT_ELEMENT,
               .name = set,
               .ifindex = ifindex,
               .segment = segment },
    };
}

/* Appends a field to the key. */
void
guard_put(struct guard_element *e, const void *p, size_t len, size_t padded)
{
    memcpy(e->o.key + e->o.key_len, p, len);
    e->o.key_len += padded;
}

void
guard_put_u32(struct guard_element *e, uint32_t x)
{
    guard_put(e, &x, 4, 4);
}

void
guard_put_mac(struct guard_element *e, struct eth_addr mac)
{
    guard_put(e, mac.ea, 6, 8);
}

void
guard_put_addr(struct guard_element *e, const struct addr *a)
{
    guard_put(e, a->b, addr_len(a), addr_len(a));
}

void
guard_finish(struct guard_maker *m, struct guard_element *e)
{
    const struct plan_port *port;

    nft_element_finish(e->set, &e->o);
    port = e->o.ifindex ? plan_port_by_ifindex(m->plan, e->o.ifindex) : NULL;
    e->o.device = port ? port->device : NULL;
    objects_add(m->objects, &e->o);
}

/* A MAC of a segment. */
void
guard_add_mac(struct guard_maker *m, const char *set, uint32_t segment,
              uint32_t mark, struct eth_addr mac)
{
    struct guard_element e = guard_element(set, 0, segment);

    guard_put_u32(&e, mark);
    guard_put_mac(&e, mac);
    guard_finish(m, &e);
}

/* "pair" and an IPv4 prefix is "pairs4". */
const char *
guard_pair_set(const char *stem, const struct prefix *p)
{
    static const char *const names[][4] = {
        { "pair4", "pair6", "pairs4", "pairs6" },
        { "addr4", "addr6", "addrs4", "addrs6" },
        { "declared4", "declared6", "declareds4", "declareds6" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!strncmp(names[i][0], stem, strlen(stem))) {
            return names[i][(p->addr.family == AF_INET6)
                            + 2 * !prefix_is_host(p)];
        }
    }
    OVS_NOT_REACHED();
}

void
guard_finish_prefix(struct guard_maker *m, struct guard_element *e,
                    const struct prefix *p)
{
    guard_put_addr(e, &p->addr);
    if (!prefix_is_host(p)) {
        guard_put(e, &p->len, 1, 1);
    }
    guard_finish(m, e);
}

void
guard_unique(struct guard_maker *m)
{
    struct object *v = m->objects->v + m->first_element;
    struct objects own = { .v = v, .n = m->objects->n - m->first_element };
    size_t n = 0;

    objects_sort(&own);
    for (size_t i = 0; i < own.n; i++) {
        if (!n || object_cmp(&v[n - 1], &v[i])) {
            v[n++] = v[i];
        }
    }
    m->objects->n = m->first_element + n;
}
