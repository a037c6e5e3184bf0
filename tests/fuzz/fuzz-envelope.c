/* Envelopes of client messages from any bytes. What is accepted must be usable as it is: a type to look up and log, an
 * id that can be echoed into JSON, a payload that is an object. */
#include <stdint.h>
#include <string.h>

#include <glib.h>

#include "base/utf8.h"
#include "signaling/envelope.h"

static void check_id(const cg_json_value *id)
{
    size_t size;
    const char *raw = cg_json_raw(id, &size);

    g_assert(size <= CG_ENVELOPE_MAX_ID);
    cg_json *again = cg_json_parse(raw, size, NULL);
    g_assert(again && (cg_json_type_of(cg_json_root(again)) == CG_JSON_STRING ||
                       cg_json_type_of(cg_json_root(again)) == CG_JSON_NUMBER));
    cg_json_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cg_envelope envelope;
    cg_envelope_status status = cg_envelope_parse((const char *) data, size, &envelope);
    const cg_session_message *message = &envelope.message;

    if (status == CG_ENVELOPE_OK) {
        g_assert(message->type && strlen(message->type) > 0 && strlen(message->type) <= CG_ENVELOPE_MAX_TYPE);
        g_assert(!message->payload || cg_json_type_of(message->payload) == CG_JSON_OBJECT);
        g_assert(!envelope.error[0]);
    } else {
        g_assert(!message->type && !message->payload);
        g_assert(envelope.error[0] && cg_utf8_valid(envelope.error, strlen(envelope.error)));
    }
    if (message->id)
        check_id(message->id);
    cg_envelope_finish(&envelope);
    return 0;
}
