/* Messages of docs/protocol.md, written with the gateway's own JSON writer and read with its own parser: their
 * correctness is tested elsewhere. */
#include "tests/bench/signal_client.h"

#include "base/clock.h"
#include "base/json_writer.h"
#include "tests/bench/websocket_client.h"

#include <string.h>

enum { PATIENCE_US = 30000000 };

struct signal_client {
    bench_loop *loop;
    websocket_client *socket;
    bench_source source;
    char *identity;
    GQueue inbox;   /* of signal_message; owned */
    int64_t now_us; /* of the turn of the loop that reads */
};

void signal_message_free(signal_message *message)
{
    cg_json_free(message->json);
    g_free(message);
}

const char *signal_message_text(const signal_message *message, const char *name)
{
    const char *text = cg_json_string(cg_json_get(message->payload, name));
    if (text == NULL)
        bench_fail("\"%s\" has no %s", message->type, name);
    return text;
}

static void take_text(const char *text, size_t size, void *user)
{
    signal_client *client = user;
    if (strcmp(text, "\n") == 0) {
        websocket_client_send(client->socket, "\n", 1);
        return;
    }
    signal_message *message = g_new0(signal_message, 1);
    message->json = cg_json_parse(text, size, NULL);
    const cg_json_value *root = message->json != NULL ? cg_json_root(message->json) : NULL;
    message->type = cg_json_string(cg_json_get(root, "type"));
    message->payload = cg_json_get(root, "payload");
    message->received_us = client->now_us;
    if (message->type == NULL)
        bench_fail("not a message: %.200s", text);
    g_queue_push_tail(&client->inbox, message);
}

static void readable(bench_source *source, int64_t now_us)
{
    signal_client *client = source->user;
    client->now_us = now_us;
    if (!websocket_client_receive(client->socket, take_text, client))
        bench_fail("the gateway closed the connection of %s", client->identity);
}

static cg_json_writer *begin(const char *type)
{
    cg_json_writer *writer = cg_json_writer_new();
    cg_json_begin_object(writer, NULL);
    cg_json_write_string(writer, "type", type);
    cg_json_write_string(writer, "version", "1.6");
    return writer;
}

/* Takes the writer, whose payload has ended. */
static int64_t finish(signal_client *client, cg_json_writer *writer)
{
    size_t size;
    cg_json_end_object(writer);
    const char *text = cg_json_writer_text(writer, &size);
    int64_t before_us = cg_clock_monotonic_us();
    websocket_client_send(client->socket, text, size);
    cg_json_writer_free(writer);
    return before_us;
}

static void listen_with(signal_client *client, const char *token)
{
    cg_json_writer *writer = begin("listen");
    cg_json_begin_object(writer, "payload");
    cg_json_write_string(writer, "token", token);
    cg_json_begin_object(writer, "resume");
    cg_json_end_object(writer);
    cg_json_end_object(writer);
    finish(client, writer);
    g_autoptr(signal_message) connected = signal_client_expect(client, "connected");
}

signal_client *signal_client_new(bench_loop *loop, uint16_t port, const char *identity, const char *token)
{
    signal_client *client = g_new0(signal_client, 1);
    client->loop = loop;
    client->identity = g_strdup(identity);
    client->socket = websocket_client_new(port, "/signal");
    if (client->socket == NULL)
        bench_fail("%s: no WebSocket at port %u", identity, port);
    client->source = (bench_source){.fd = websocket_client_fd(client->socket), .readable = readable, .user = client};
    bench_loop_add(loop, &client->source);
    listen_with(client, token);
    return client;
}

void signal_client_free(signal_client *client)
{
    if (client == NULL)
        return;
    bench_loop_remove(client->loop, &client->source);
    websocket_client_free(client->socket);
    g_queue_clear_full(&client->inbox, (GDestroyNotify) signal_message_free);
    g_free(client->identity);
    g_free(client);
}

const char *signal_client_identity(const signal_client *client)
{
    return client->identity;
}

void signal_client_register(signal_client *client)
{
    cg_json_writer *writer = begin("register");
    cg_json_begin_object(writer, "payload");
    cg_json_begin_object(writer, "media");
    cg_json_write_bool(writer, "audio", true);
    cg_json_end_object(writer);
    cg_json_end_object(writer);
    finish(client, writer);
    g_autoptr(signal_message) ready = signal_client_expect(client, "ready");
}

int64_t signal_client_invite(signal_client *client, const char *callsid, const char *to, const char *sdp)
{
    g_autofree char *params = g_strdup_printf("To=client%%3A%s", to);
    cg_json_writer *writer = begin("invite");
    cg_json_begin_object(writer, "payload");
    cg_json_write_string(writer, "callsid", callsid);
    cg_json_write_string(writer, "sdp", sdp);
    cg_json_begin_object(writer, "twilio");
    cg_json_write_string(writer, "params", params);
    cg_json_end_object(writer);
    cg_json_end_object(writer);
    return finish(client, writer);
}

/* A message about a call; `sdp` may be NULL. */
static int64_t say(signal_client *client, const char *type, const char *callsid, const char *sdp)
{
    cg_json_writer *writer = begin(type);
    cg_json_begin_object(writer, "payload");
    cg_json_write_string(writer, "callsid", callsid);
    if (sdp != NULL)
        cg_json_write_string(writer, "sdp", sdp);
    cg_json_end_object(writer);
    return finish(client, writer);
}

int64_t signal_client_answer(signal_client *client, const char *callsid, const char *sdp)
{
    return say(client, "answer", callsid, sdp);
}

int64_t signal_client_hang_up(signal_client *client, const char *callsid)
{
    return say(client, "hangup", callsid, NULL);
}

int64_t signal_client_ask_nothing(signal_client *client)
{
    cg_json_writer *writer = begin("stats");
    cg_json_write_integer(writer, "id", 1);
    cg_json_begin_object(writer, "payload");
    cg_json_write_string(writer, "callsid", "none");
    cg_json_end_object(writer);
    return finish(client, writer);
}

static bool has_message(void *user)
{
    signal_client *client = user;
    return !g_queue_is_empty(&client->inbox);
}

/* "31404: text" of a message that carries an error, to tell why the benchmark ends. */
static void fail_on_error(const signal_client *client, const signal_message *message)
{
    const cg_json_value *error = cg_json_get(message->payload, "error");
    const char *text = cg_json_string(cg_json_get(error, "message"));
    int64_t code = 0;
    cg_json_integer(cg_json_get(error, "code"), &code);
    if (error != NULL)
        bench_fail("%s was told \"%s\": %d %s", client->identity, message->type, (int) code, text);
}

signal_message *signal_client_expect(signal_client *client, const char *type)
{
    for (;;) {
        if (!bench_loop_until(client->loop, has_message, client, PATIENCE_US))
            bench_fail("%s waited for \"%s\" in vain", client->identity, type);
        signal_message *message = g_queue_pop_head(&client->inbox);
        if (strcmp(message->type, type) == 0)
            return message;
        fail_on_error(client, message);
        signal_message_free(message);
    }
}
