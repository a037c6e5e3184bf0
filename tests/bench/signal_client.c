/* Messages of docs/protocol.md, written with the gateway's own JSON writer and read with its own parser: their
 * correctness is tested elsewhere. */
#include "tests/bench/signal_client.h"

#include <string.h>

struct signal_client {
    json_socket *socket; /* named after the identity */
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
    cg_json_end_object(writer);
    return json_socket_send(client->socket, writer);
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

signal_client *signal_client_new(bench_loop *loop, const struct sockaddr_in *server, const char *identity,
                                 const char *token)
{
    signal_client *client = g_new0(signal_client, 1);
    client->socket = json_socket_new(loop, server, "/signal", NULL, identity);
    listen_with(client, token);
    return client;
}

void signal_client_free(signal_client *client)
{
    if (client == NULL)
        return;
    json_socket_free(client->socket);
    g_free(client);
}

const char *signal_client_identity(const signal_client *client)
{
    return json_socket_name(client->socket);
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

/* "31404: text" of a message that carries an error, to tell why the benchmark ends. */
static void fail_on_error(const signal_client *client, const signal_message *message)
{
    const cg_json_value *error = cg_json_get(message->payload, "error");
    const char *text = cg_json_string(cg_json_get(error, "message"));
    int64_t code = 0;
    cg_json_integer(cg_json_get(error, "code"), &code);
    if (error != NULL)
        bench_fail("%s was told \"%s\": %d %s", signal_client_identity(client), message->type, (int) code, text);
}

static signal_message *next_message(signal_client *client, const char *type)
{
    json_message next = json_socket_next(client->socket, type);
    const cg_json_value *root = cg_json_root(next.json);
    signal_message *message = g_new0(signal_message, 1);
    *message = (signal_message){.json = next.json,
                                .type = cg_json_string(cg_json_get(root, "type")),
                                .payload = cg_json_get(root, "payload"),
                                .received_us = next.received_us};
    if (message->type == NULL)
        bench_fail("%s was sent a message without a type", signal_client_identity(client));
    return message;
}

signal_message *signal_client_expect(signal_client *client, const char *type)
{
    for (;;) {
        signal_message *message = next_message(client, type);
        if (strcmp(message->type, type) == 0)
            return message;
        fail_on_error(client, message);
        signal_message_free(message);
    }
}
