/* A queue behind a WebSocket. */
#include "tests/bench/json_socket.h"

#include "base/clock.h"
#include "tests/bench/websocket_client.h"

#include <string.h>

enum { PATIENCE_US = 30000000 };

struct json_socket {
    bench_loop *loop;
    websocket_client *socket;
    bench_source source;
    char *name;
    GQueue inbox;   /* of json_message; owned */
    int64_t now_us; /* of the turn of the loop that reads */
};

static void message_free(void *data)
{
    cg_json_free(((json_message *) data)->json);
    g_free(data);
}

static void take_text(const char *text, size_t size, void *user)
{
    json_socket *s = user;
    if (strcmp(text, "\n") == 0) {
        websocket_client_send(s->socket, "\n", 1);
        return;
    }
    json_message *message = g_new0(json_message, 1);
    *message = (json_message){.json = cg_json_parse(text, size, NULL), .received_us = s->now_us};
    if (message->json == NULL)
        bench_fail("%s was sent what is no JSON: %.200s", s->name, text);
    g_queue_push_tail(&s->inbox, message);
}

static void readable(bench_source *source, int64_t now_us)
{
    json_socket *s = source->user;
    s->now_us = now_us;
    if (!websocket_client_receive(s->socket, take_text, s))
        bench_fail("the server closed the connection of %s", s->name);
}

json_socket *json_socket_new(bench_loop *loop, const struct sockaddr_in *server, const char *path, const char *protocol,
                             const char *name)
{
    json_socket *s = g_new0(json_socket, 1);
    s->loop = loop;
    s->name = g_strdup(name);
    s->socket = websocket_client_new(server, path, protocol);
    if (s->socket == NULL)
        bench_fail("%s: no WebSocket at port %u", name, ntohs(server->sin_port));
    s->source = (bench_source){.fd = websocket_client_fd(s->socket), .readable = readable, .user = s};
    bench_loop_add(loop, &s->source);
    return s;
}

void json_socket_free(json_socket *s)
{
    if (s == NULL)
        return;
    bench_loop_remove(s->loop, &s->source);
    websocket_client_free(s->socket);
    g_queue_clear_full(&s->inbox, message_free);
    g_free(s->name);
    g_free(s);
}

const char *json_socket_name(const json_socket *s)
{
    return s->name;
}

int64_t json_socket_send(json_socket *s, cg_json_writer *writer)
{
    size_t size;
    const char *text = cg_json_writer_text(writer, &size);
    int64_t before_us = cg_clock_monotonic_us();
    websocket_client_send(s->socket, text, size);
    cg_json_writer_free(writer);
    return before_us;
}

static bool has_message(void *user)
{
    return !g_queue_is_empty(&((json_socket *) user)->inbox);
}

json_message json_socket_next(json_socket *s, const char *what)
{
    if (!bench_loop_until(s->loop, has_message, s, PATIENCE_US))
        bench_fail("%s waited for \"%s\" in vain", s->name, what);
    g_autofree json_message *first = g_queue_pop_head(&s->inbox);
    return *first;
}
