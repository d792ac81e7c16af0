/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The file of a snapshot: what is written is read again; nothing in it can be
 * changed, cut off or signed by somebody else without the reader saying so. */

#include <cordon-config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/netlink.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "audit/base64.h"
#include "audit/snapshot_private.h"
#include "util.h"

static char folder[] = "/tmp/snapshot_test.XXXXXX";

static char *
in_folder(const char *name)
{
    return xasprintf("%s/%s", folder, name);
}

/* A part of 'n' messages, each with a payload one byte longer. */
static void
add_messages(struct snapshot *s, const char *name, size_t n)
{
    struct snapshot_buffer b = { .data = NULL };

    for (size_t i = 0; i < n; i++) {
        struct nlmsghdr nlh = { .nlmsg_len = sizeof nlh + i,
                                .nlmsg_type = 16 + i };

        snapshot_buffer_put(&b, &nlh, sizeof nlh);
        for (size_t j = 0; j < NLMSG_ALIGN(i); j++) {
            snapshot_buffer_put(&b, &(char){ 'a' + j }, 1);
        }
    }
    snapshot_add_netlink(s, name, &b);
}

static struct snapshot *
make_snapshot(void)
{
    struct snapshot *s = snapshot_new();
    struct snapshot_files files = { .files = NULL };

    s->header = (struct snapshot_header){
        .host = "xen1",
        .time = "2026-11-23T12:00:00Z",
        .kernel = "6.1.0",
        .machine = "x86_64",
        .by = "cordon 0.1.0",
    };
    add_messages(s, "link", 5);
    snapshot_files_put(s, &files, "net/ipv4/ip_forward", "0");
    snapshot_files_put(s, &files, "a", "two\nlines \"quoted\" \xc3\xa4");
    snapshot_files_put(s, &files, "b", "bad \xff byte");
    assert_true(snapshot_add_files(s, "sysctl", &files));
    add_messages(s, "nft.rule", 3);
    s->parts[2].generation = 17;
    s->parts[2].tries = 2;
    add_messages(s, "bridge.mdb", 0);
    snapshot_add(s, "xenstore", SNAPSHOT_ABSENT);
    snapshot_add_unread(s, "ovs.db", true, "no such %s", "socket");
    return s;
}

/* Writes a snapshot and reads the text of its file. */
static char *
text_of(struct snapshot *s, const char *key)
{
    char *path = in_folder("snapshot"), *error, *text = xmalloc(65536);
    size_t n;
    FILE *f;

    error = snapshot_write_file(s, path, key);
    assert_null(error);
    f = fopen(path, "re");
    assert_non_null(f);
    n = fread(text, 1, 65535, f);
    text[n] = '\0';
    fclose(f);
    free(path);
    return text;
}

static void
assert_same(const struct snapshot *a, const struct snapshot *b)
{
    assert_string_equal(a->header.host, b->header.host);
    assert_string_equal(a->header.time, b->header.time);
    assert_string_equal(a->header.kernel, b->header.kernel);
    assert_string_equal(a->header.machine, b->header.machine);
    assert_string_equal(a->header.by, b->header.by);
    assert_int_equal(a->n_parts, b->n_parts);
    assert_string_equal(a->chain, b->chain);
    for (size_t i = 0; i < a->n_parts; i++) {
        const struct snapshot_part *p = &a->parts[i];
        const struct snapshot_part *q = snapshot_part(b, p->name);

        assert_int_equal(p->kind, q->kind);
        assert_int_equal(p->n, q->n);
        assert_int_equal(p->n_files, q->n_files);
        assert_int_equal(p->tries, q->tries);
        assert_int_equal(p->generation, q->generation);
        assert_string_equal(p->link, q->link);
        if (p->n) {
            assert_memory_equal(p->data, q->data, p->n);
        }
        for (size_t j = 0; j < p->n_files; j++) {
            assert_string_equal(p->files[j].path, q->files[j].path);
            assert_string_equal(p->files[j].value, q->files[j].value);
        }
        if (p->kind == SNAPSHOT_UNREAD) {
            assert_string_equal(p->why, q->why);
            assert_int_equal(p->matters, q->matters);
        }
    }
}

static void
test_round(void **state OVS_UNUSED)
{
    struct snapshot *s = make_snapshot(), *again = NULL;
    char *text = text_of(s, NULL);
    const struct snapshot_part *part;
    const struct nlmsghdr *nlh = NULL;
    size_t n = 0;

    assert_null(snapshot_parse(text, strlen(text), NULL, &again));
    assert_same(s, again);
    assert_false(snapshot_signed(again));
    part = snapshot_part(again, "link");
    while ((nlh = snapshot_next(part, nlh))) {
        assert_int_equal(nlh->nlmsg_type, 16 + n);
        assert_int_equal(nlh->nlmsg_len, sizeof *nlh + n);
        n++;
    }
    assert_int_equal(n, 5);
    part = snapshot_part(again, "sysctl");
    assert_string_equal(snapshot_file(part, "net/ipv4/ip_forward"), "0");
    assert_string_equal(snapshot_file(part, "b"), "bad ? byte");
    assert_null(snapshot_file(part, "net"));
    assert_int_equal(snapshot_part(again, "none")->kind, SNAPSHOT_ABSENT);
    snapshot_free(again);
    snapshot_free(s);
    free(text);
}

/* Any byte may be changed to another: the reader says so, unless it reads the
 * same as before (white space). */
static void
test_changed(void **state OVS_UNUSED)
{
    struct snapshot *s = make_snapshot(), *again = NULL;
    char *text = text_of(s, NULL);
    size_t n = strlen(text), refused = 0, same = 0;
    static const char changes[] = { 1, 2, 0x20, 0x40 };

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < ARRAY_SIZE(changes); j++) {
            char *error;

            text[i] ^= changes[j];
            error = strlen(text) == n ? snapshot_parse(text, n, NULL, &again)
                                      : xstrdup("NUL");
            text[i] ^= changes[j];
            if (error) {
                refused++;
                free(error);
            } else {
                assert_same(s, again);
                snapshot_free(again);
                same++;
            }
        }
    }
    assert_true(refused > 4 * n - 4 * n / 20);
    assert_int_equal(refused + same, 4 * n);
    snapshot_free(s);
    free(text);
}

static void
test_cut(void **state OVS_UNUSED)
{
    struct snapshot *s = make_snapshot(), *again = NULL;
    char *text = text_of(s, NULL);
    size_t n = strlen(text);

    /* Without the last two bytes, "}\n", it is no JSON. */
    for (size_t i = 0; i < n - 1; i++) {
        char *part = xmemdup0(text, i);
        char *error = snapshot_parse(part, i, NULL, &again);

        assert_non_null(error);
        free(error);
        free(part);
    }
    snapshot_free(s);
    free(text);
}

/* Parts taken out, put in another order or added from another snapshot. */
static void
test_parts(void **state OVS_UNUSED)
{
    struct snapshot *s = make_snapshot(), *again = NULL;
    char *text = text_of(s, NULL), *begin, *end, *error, *without;

    begin = strstr(text, "{\"name\":\"sysctl\"");
    end = strstr(text, "{\"name\":\"nft.rule\"");
    assert_non_null(begin);
    assert_non_null(end);
    without = xasprintf("%.*s%s", (int) (begin - text), text, end);
    error = snapshot_parse(without, strlen(without), NULL, &again);
    assert_non_null(strstr(error, "nft.rule: SHA-256"));
    free(error);
    free(without);

    begin = strstr(text, "\"unread\":[");
    without = xasprintf("%.*s\"unread\":[]%s", (int) (begin - text), text,
                        strstr(text, ",\n\"chain\""));
    error = snapshot_parse(without, strlen(without), NULL, &again);
    assert_non_null(strstr(error, "chain: SHA-256"));
    free(error);
    free(without);
    snapshot_free(s);
    free(text);
}

static void
write_key(const char *private, const char *public, int type)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(type, NULL);
    EVP_PKEY *key = NULL;
    FILE *f;

    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    assert_int_equal(EVP_PKEY_keygen(ctx, &key), 1);
    f = fopen(private, "we");
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL),
                     1);
    fclose(f);
    f = fopen(public, "we");
    assert_int_equal(PEM_write_PUBKEY(f, key), 1);
    fclose(f);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(ctx);
}

static void
assert_refused(const char *text, const char *key, const char *why)
{
    struct snapshot *s = NULL;
    char *error = snapshot_parse(text, strlen(text), key, &s);

    assert_non_null(error);
    assert_non_null(strstr(error, why));
    free(error);
}

static void
test_signature(void **state OVS_UNUSED)
{
    char *private = in_folder("key"), *public = in_folder("public");
    char *other = in_folder("other"), *stranger = in_folder("stranger");
    char *wrong = in_folder("x448"), *wrong_public = in_folder("x448.pub");
    struct snapshot *s = make_snapshot(), *again = NULL;
    char *text, *plain, *error, *path = in_folder("refused");

    write_key(private, public, EVP_PKEY_ED25519);
    write_key(other, stranger, EVP_PKEY_ED25519);
    write_key(wrong, wrong_public, EVP_PKEY_ED448);
    plain = text_of(s, NULL);
    text = text_of(s, private);
    assert_null(snapshot_parse(text, strlen(text), public, &again));
    assert_true(snapshot_signed(again) && snapshot_verified(again));
    snapshot_free(again);
    assert_null(snapshot_parse(text, strlen(text), NULL, &again));
    assert_true(snapshot_signed(again) && !snapshot_verified(again));
    snapshot_free(again);
    assert_refused(text, stranger, "not by the key");
    assert_refused(text, private, "no public key");
    assert_refused(text, "/nonexistent", "No such file");
    assert_refused(plain, public, "not signed");

    error = snapshot_write_file(s, path, wrong);
    assert_non_null(strstr(error, "no private key of Ed25519"));
    free(error);
    assert_int_not_equal(access(path, F_OK), 0);
    free(text);
    free(plain);
    snapshot_free(s);
    free(private);
    free(public);
    free(other);
    free(stranger);
    free(wrong);
    free(wrong_public);
    free(path);
}

static void
test_base64(void **state OVS_UNUSED)
{
    static const struct {
        const char *text;
        const char *bytes; /* NULL: refused. */
    } vectors[] = {
        { "", "" },        { "Zg==", "f" },        { "Zm8=", "fo" },
        { "Zm9v", "foo" }, { "Zm9vYg==", "foob" }, { "Zm9vYmE=", "fooba" },
        { "Zh==", NULL },  { "Zm9=", NULL },       { "Zg=", NULL },
        { "Z===", NULL },  { "====", NULL },       { "Zm9v\n", NULL },
        { "Zm 9", NULL },  { "Zg==Zg==", NULL },   { "Zm9-", NULL },
        { "=m9v", NULL },
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        void *data = NULL;
        size_t n = 0;

        if (!vectors[i].bytes) {
            assert_false(base64_decode(vectors[i].text, &data, &n));
            continue;
        }
        assert_true(base64_decode(vectors[i].text, &data, &n));
        assert_int_equal(n, strlen(vectors[i].bytes));
        if (n) {
            assert_memory_equal(data, vectors[i].bytes, n);
        }
        free(data);
    }
}

/* Messages that say that they are longer than the part, or shorter than their
 * own header, make it no part. */
static void
test_messages(void **state OVS_UNUSED)
{
    struct nlmsghdr nlh[2] = { { .nlmsg_len = 16 }, { .nlmsg_len = 16 } };

    assert_true(snapshot_messages_ok(nlh, 0));
    assert_true(snapshot_messages_ok(nlh, 16));
    assert_true(snapshot_messages_ok(nlh, 32));
    assert_false(snapshot_messages_ok(nlh, 31));
    assert_false(snapshot_messages_ok(nlh, 8));
    nlh[1].nlmsg_len = 17;
    assert_false(snapshot_messages_ok(nlh, 32));
    nlh[1].nlmsg_len = 15;
    assert_false(snapshot_messages_ok(nlh, 32));
    nlh[1].nlmsg_len = 0;
    assert_false(snapshot_messages_ok(nlh, 32));
    nlh[0].nlmsg_len = UINT32_MAX;
    assert_false(snapshot_messages_ok(nlh, 32));
}

static int
make_folder(void **state OVS_UNUSED)
{
    return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state OVS_UNUSED)
{
    static const char *const names[] = { "snapshot", "key",      "public",
                                         "other",    "stranger", "x448",
                                         "x448.pub" };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char *path = in_folder(names[i]);

        unlink(path);
        free(path);
    }
    return rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),     cmocka_unit_test(test_changed),
        cmocka_unit_test(test_cut),       cmocka_unit_test(test_parts),
        cmocka_unit_test(test_signature), cmocka_unit_test(test_base64),
        cmocka_unit_test(test_messages),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
