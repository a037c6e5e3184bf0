/* Sofia's parser trusts what it is given: it looks behind the end for a boundary, and aborts at a NUL where a header
 * should be. It gets a copy that has room behind, and no NUL. */
#include "signaling/sip/sip_multipart.h"

#include <glib.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/su_alloc.h>
#include <string.h>

enum {
    MAX_BOUNDARY = 70, /* RFC 2046 section 5.1.1 */
    ROOM = MAX_BOUNDARY + 8,
};

/* Without the parameter Sofia would take the first line that looks like one. */
static bool has_boundary(const msg_content_type_t *type)
{
    const char *boundary = type != NULL ? msg_header_find_param(type->c_common, "boundary=") : NULL;
    size_t length = boundary != NULL ? strlen(boundary) : 0, quotes = boundary != NULL && boundary[0] == '"' ? 2 : 0;
    return length > quotes && length <= MAX_BOUNDARY + quotes;
}

msg_multipart_t *cg_sip_multipart_parse(su_home_t *home, const msg_content_type_t *type, const char *data, size_t size,
                                        const char **ret_copy)
{
    msg_payload_t payload[1];
    char *copy = size <= CG_SIP_MAX_MULTIPART ? su_zalloc(home, (isize_t) (size + ROOM)) : NULL;
    if (copy == NULL || !has_boundary(type))
        return NULL;
    memcpy(copy, data, size);
    for (char *nul = memchr(copy, '\0', size); nul != NULL; nul = memchr(nul, '\0', size - (size_t) (nul - copy)))
        *nul = '\1';
    msg_payload_init(payload);
    payload->pl_data = copy;
    payload->pl_len = size;
    *ret_copy = copy;
    return msg_multipart_parse(home, type, payload);
}
