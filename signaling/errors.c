/* The parts that errors and answers have in common. */
#include "signaling/socket.h"

void cg_write_error(cg_json_writer *writer, int code, const char *message, unsigned retry_after_s)
{
    cg_json_begin_object(writer, "error");
    cg_json_write_integer(writer, "code", code);
    cg_json_write_string(writer, "message", message);
    if (retry_after_s > 0)
        cg_json_write_integer(writer, "retryAfter", retry_after_s);
    cg_json_end_object(writer);
}

void cg_write_id(cg_json_writer *writer, const cg_session_message *request)
{
    size_t size;

    if (!request || !request->id)
        return;
    const char *text = cg_json_raw(request->id, &size);
    cg_json_write_raw(writer, "id", text, size);
}
