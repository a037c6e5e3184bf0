/* Bodies of several parts (RFC 2046 section 5.1), each with headers of its own. */
#pragma once

#include <sofia-sip/msg_mime.h>
#include <stdbool.h>
#include <stddef.h>

#define CG_SIP_MAX_MULTIPART 32768 /* octets */

/* Its parts, of `home`; their payloads are in a copy of `data`, which is at `*ret_copy`: what stands there may be
 * changed. NULL: no boundary, a broken one, parts that do not end. */
msg_multipart_t *cg_sip_multipart_parse(su_home_t *home, const msg_content_type_t *type, const char *data, size_t size,
                                        const char **ret_copy);
