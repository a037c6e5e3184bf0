/* Answers that route handlers give. */
#include "signaling/http.h"

#include "base/json_writer.h"

#include <glib.h>
#include <string.h>

static void respond(cg_http_response *response, int status, const char *content_type, char *text)
{
    g_free(response->body);
    *response = (cg_http_response){
        .status = status, .content_type = content_type, .body = text, .body_size = text ? strlen(text) : 0};
}

void cg_http_respond_error(cg_http_response *response, int status, const char *message)
{
    cg_json_writer *writer = cg_json_writer_new();

    cg_json_begin_object(writer, NULL);
    cg_json_write_integer(writer, "code", status);
    cg_json_write_string(writer, "message", message);
    cg_json_end_object(writer);
    cg_http_respond_json(response, status, cg_json_writer_steal(writer, NULL));
    cg_json_writer_free(writer);
}

void cg_http_respond_json(cg_http_response *response, int status, char *json)
{
    respond(response, status, "application/json; charset=utf-8", json);
}

void cg_http_respond_text(cg_http_response *response, int status, const char *content_type, char *text)
{
    respond(response, status, content_type, text);
}
