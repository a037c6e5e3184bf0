/* Messages that arrived whole: heartbeats, `listen`, and the gateway's table. The one thing to know: what is not even
 * JSON ends the socket, since nothing after it can be trusted to be a message; a message that is merely wrong gets an
 * error and the conversation goes on. */
#include "signaling/dispatch.h"

#include "signaling/envelope.h"
#include "signaling/error_codes.h"
#include "signaling/session_internal.h"

#include <string.h>

static bool is_heartbeat(const char *text, size_t size)
{
    return size == 0 || (size == 1 && text[0] == '\n');
}

static void answer_error(cg_socket *socket, const cg_session_message *message, int code, const char *text)
{
    if (socket->session)
        cg_session_send_error(socket->session, message, code, text, NULL);
    else
        cg_socket_send_error(socket, message, code, text, 0);
}

static const cg_session_message_handler *find_handler(const cg_server *server, const char *type)
{
    for (const cg_session_message_handler *handler = server->handlers->messages; handler && handler->type; handler++)
        if (strcmp(handler->type, type) == 0)
            return handler;
    return NULL;
}

static void dispatch_message(cg_socket *socket, const cg_session_message *message)
{
    const cg_session_message_handler *handler = find_handler(socket->server, message->type);

    if (strcmp(message->type, "listen") == 0) {
        cg_listen_handle(socket, message);
    } else if (!handler) {
        g_autofree char *text = g_strdup_printf("unknown message type \"%s\"", message->type);
        answer_error(socket, message, CG_ERROR_MALFORMED, text);
    } else if (!socket->session) {
        answer_error(socket, message, CG_ERROR_NOT_GRANTED, "show a valid token with listen first");
    } else {
        handler->handle(socket->session, message, socket->server->user);
    }
}

void cg_dispatch(cg_socket *socket, const char *text, size_t size)
{
    cg_envelope envelope;

    if (is_heartbeat(text, size)) {
        cg_socket_echoed(socket);
        return;
    }
    switch (cg_envelope_parse(text, size, &envelope)) {
    case CG_ENVELOPE_OK:
        dispatch_message(socket, &envelope.message);
        break;
    case CG_ENVELOPE_NOT_A_MESSAGE:
        answer_error(socket, &envelope.message, CG_ERROR_MALFORMED, envelope.error);
        break;
    case CG_ENVELOPE_NOT_UTF8:
    case CG_ENVELOPE_NOT_JSON:
        cg_socket_fail(socket, CG_REJECT_MESSAGE, CG_ERROR_MALFORMED, envelope.error, 1007);
        break;
    }
    cg_envelope_finish(&envelope);
}
