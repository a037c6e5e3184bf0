/* Client message envelopes: strict about what is read, indifferent to what is not. */
#include "signaling/envelope.h"

#include "base/utf8.h"

#include <glib.h>
#include <stdarg.h>
#include <string.h>

G_GNUC_PRINTF(3, 4)
static cg_envelope_status fail(cg_envelope *envelope, cg_envelope_status status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_vsnprintf(envelope->error, sizeof(envelope->error), format, arguments);
    va_end(arguments);
    envelope->message.type = NULL;
    envelope->message.payload = NULL;
    return status;
}

static bool type_is_valid(const char *type)
{
    size_t length = strlen(type);

    for (size_t i = 0; i < length; i++)
        if (!g_ascii_isalnum(type[i]) && !strchr("._-", type[i]))
            return false;
    return length > 0 && length <= CG_ENVELOPE_MAX_TYPE;
}

/* A string or an integer, short enough to be echoed. */
static bool id_is_valid(const cg_json_value *id)
{
    size_t size;
    int64_t integer;

    cg_json_raw(id, &size);
    return size <= CG_ENVELOPE_MAX_ID && (cg_json_type_of(id) == CG_JSON_STRING || cg_json_integer(id, &integer));
}

static cg_envelope_status read_members(cg_envelope *envelope)
{
    const cg_json_value *root = cg_json_root(envelope->json);
    cg_session_message *message = &envelope->message;

    if (cg_json_type_of(root) != CG_JSON_OBJECT)
        return fail(envelope, CG_ENVELOPE_NOT_A_MESSAGE, "a message is a JSON object");

    const cg_json_value *id = cg_json_get(root, "id");
    if (id && !id_is_valid(id))
        return fail(envelope, CG_ENVELOPE_NOT_A_MESSAGE, "id must be a string or an integer of at most %d bytes",
                    CG_ENVELOPE_MAX_ID);
    message->id = id;

    message->type = cg_json_string(cg_json_get(root, "type"));
    if (!message->type || !type_is_valid(message->type))
        return fail(envelope, CG_ENVELOPE_NOT_A_MESSAGE, "type must be 1 to %d letters, digits, '.', '_' or '-'",
                    CG_ENVELOPE_MAX_TYPE);

    message->payload = cg_json_get(root, "payload");
    if (message->payload && cg_json_type_of(message->payload) != CG_JSON_OBJECT)
        return fail(envelope, CG_ENVELOPE_NOT_A_MESSAGE, "payload must be an object");
    return CG_ENVELOPE_OK;
}

cg_envelope_status cg_envelope_parse(const char *text, size_t size, cg_envelope *ret_envelope)
{
    cg_json_error error = {0};

    *ret_envelope = (cg_envelope){0};
    if (!cg_utf8_valid(text, size))
        return fail(ret_envelope, CG_ENVELOPE_NOT_UTF8, "not UTF-8");
    ret_envelope->json = cg_json_parse(text, size, &error);
    if (!ret_envelope->json)
        return fail(ret_envelope, CG_ENVELOPE_NOT_JSON, "not JSON: %s at byte %zu", error.message, error.offset);
    return read_members(ret_envelope);
}

void cg_envelope_finish(cg_envelope *envelope)
{
    g_clear_pointer(&envelope->json, cg_json_free);
    envelope->message = (cg_session_message){0};
}
