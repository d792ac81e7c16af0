/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_AUDIT_HTML_H
#define CORDON_AUDIT_HTML_H 1

/* Text into HTML that is XML as well (so that a strict parser can hold it to
 * account), and into SVG. Names come from guests, from files and from the
 * network: whatever they hold, they stay text, and can be seen. */

#include "openvswitch/compiler.h"

struct ds;

/* Appends 's' as text, fit for the value of an attribute, too. What is not
 * UTF-8, control characters, and characters that change how others are shown
 * (such as those that turn the direction of text) become visible as
 * "\x07" or "\u202e". */
void html_text(struct ds *, const char *s);

/* Appends <tag>text</tag>. 'tag' may have attributes: "td class='name'". */
void html_element(struct ds *, const char *tag, const char *text);
void html_format(struct ds *, const char *tag, const char *format, ...)
    OVS_PRINTF_FORMAT(3, 4);

#endif /* src/audit/html.h */
