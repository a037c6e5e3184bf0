/* Requests are written with the gateway's JSON writer; of what comes, only what has to be known is looked at. */
#include "tests/bench/janus_client.h"

#include "tests/bench/json_socket.h"

#include <string.h>

struct janus_client {
    json_socket *socket;
    int64_t session, handle;
};

static cg_json_writer *begin(const janus_client *client, const char *what)
{
    cg_json_writer *writer = cg_json_writer_new();
    cg_json_begin_object(writer, NULL);
    cg_json_write_string(writer, "janus", what);
    cg_json_write_string(writer, "transaction", "bench");
    if (client->session != 0)
        cg_json_write_integer(writer, "session_id", client->session);
    if (client->handle != 0)
        cg_json_write_integer(writer, "handle_id", client->handle);
    return writer;
}

static void finish(janus_client *client, cg_json_writer *writer)
{
    cg_json_end_object(writer);
    json_socket_send(client->socket, writer);
}

/* What the plugin says: "ok" of the echo test, the event's name of a video call. */
static const char *result_of(const cg_json_value *root)
{
    const cg_json_value *result = cg_json_get(cg_json_get(cg_json_get(root, "plugindata"), "data"), "result");
    const char *text = cg_json_string(result);
    return text != NULL ? text : cg_json_string(cg_json_get(result, "event"));
}

static void fail_on_error(const janus_client *client, const cg_json_value *root)
{
    const cg_json_value *data = cg_json_get(cg_json_get(root, "plugindata"), "data");
    const char *text = cg_json_string(cg_json_get(cg_json_get(root, "error"), "reason"));
    if (text == NULL)
        text = cg_json_string(cg_json_get(data, "error"));
    if (text != NULL)
        bench_fail("Janus refused %s: %s", json_socket_name(client->socket), text);
}

/* Waits for that kind of message and, of events, that result. */
static cg_json *expect(janus_client *client, const char *kind, const char *result)
{
    for (;;) {
        g_autoptr(cg_json) next = json_socket_next(client->socket, result != NULL ? result : kind).json;
        const cg_json_value *root = cg_json_root(next);
        fail_on_error(client, root);
        if (g_strcmp0(cg_json_string(cg_json_get(root, "janus")), kind) == 0 &&
            (result == NULL || g_strcmp0(result_of(root), result) == 0))
            return g_steal_pointer(&next);
    }
}

static int64_t expect_id(janus_client *client)
{
    int64_t id = 0;
    g_autoptr(cg_json) answer = expect(client, "success", NULL);
    if (!cg_json_integer(cg_json_get(cg_json_get(cg_json_root(answer), "data"), "id"), &id))
        bench_fail("Janus gave %s no id", json_socket_name(client->socket));
    return id;
}

janus_client *janus_client_new(bench_loop *loop, const struct sockaddr_in *server, const char *plugin, const char *name)
{
    janus_client *client = g_new0(janus_client, 1);
    client->socket = json_socket_new(loop, server, "/", "janus-protocol", name);
    finish(client, begin(client, "create"));
    client->session = expect_id(client);
    cg_json_writer *writer = begin(client, "attach");
    cg_json_write_string(writer, "plugin", plugin);
    finish(client, writer);
    client->handle = expect_id(client);
    return client;
}

void janus_client_free(janus_client *client)
{
    json_socket_free(client->socket);
    g_free(client);
}

typedef struct {
    const char *request, *username; /* NULL: left out */
    webrtc_peer *peer;              /* whose description goes along; NULL: none */
    webrtc_peer_sdp_kind kind;
} plugin_message;

static void send_message(janus_client *client, const plugin_message *message)
{
    cg_json_writer *writer = begin(client, "message");
    cg_json_begin_object(writer, "body");
    if (message->request != NULL)
        cg_json_write_string(writer, "request", message->request);
    if (message->username != NULL)
        cg_json_write_string(writer, "username", message->username);
    cg_json_write_bool(writer, "audio", true);
    cg_json_write_bool(writer, "video", false);
    cg_json_end_object(writer);
    if (message->peer != NULL) {
        g_autofree char *sdp = webrtc_peer_write_sdp(message->peer, message->kind);
        cg_json_begin_object(writer, "jsep");
        cg_json_write_string(writer, "type", message->kind == WEBRTC_PEER_OFFER ? "offer" : "answer");
        cg_json_write_string(writer, "sdp", sdp);
        cg_json_write_bool(writer, "trickle", false);
        cg_json_end_object(writer);
    }
    finish(client, writer);
}

/* Waits for a result that has a description with it. */
static void read_description(janus_client *client, const char *result, webrtc_peer *peer)
{
    g_autoptr(cg_json) event = expect(client, "event", result);
    const char *sdp = cg_json_string(cg_json_get(cg_json_get(cg_json_root(event), "jsep"), "sdp"));
    if (sdp == NULL || !webrtc_peer_read_sdp(peer, sdp))
        bench_fail("Janus's description with \"%s\" is unusable: %s", result, sdp);
}

void janus_client_echo(janus_client *client, webrtc_peer *peer)
{
    send_message(client, &(plugin_message){.peer = peer, .kind = WEBRTC_PEER_OFFER});
    read_description(client, "ok", peer);
}

void janus_client_register(janus_client *client)
{
    send_message(client, &(plugin_message){.request = "register", .username = json_socket_name(client->socket)});
    cg_json_free(expect(client, "event", "registered"));
}

void janus_client_call(janus_client *caller, janus_client *callee, webrtc_peer *const peers[static 2])
{
    send_message(caller, &(plugin_message){.request = "call",
                                           .username = json_socket_name(callee->socket),
                                           .peer = peers[0],
                                           .kind = WEBRTC_PEER_OFFER});
    read_description(callee, "incomingcall", peers[1]);
    send_message(callee, &(plugin_message){.request = "accept", .peer = peers[1], .kind = WEBRTC_PEER_ANSWER});
    read_description(caller, "accepted", peers[0]);
}
