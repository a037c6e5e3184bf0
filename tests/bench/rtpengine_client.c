/* Bencode: "5:offer" is a string, "d" and "e" are around a dictionary, "l" and "e" around a list. */
#include "tests/bench/rtpengine_client.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_ANSWER = 65536, PATIENCE_US = 10000000 };

struct rtpengine_client {
    bench_loop *loop;
    bench_source source;
    unsigned requests;       /* so far; names the request */
    char answer[MAX_ANSWER]; /* NUL-terminated; empty: none yet */
    char cookie[16];         /* of the request under way */
};

static void readable(bench_source *source, int64_t now_us)
{
    rtpengine_client *client = source->user;
    char data[MAX_ANSWER];
    ssize_t size = recv(source->fd, data, sizeof data - 1, MSG_DONTWAIT);
    if (size <= 0)
        return; /* nobody listens yet */
    data[size] = '\0';
    if (g_str_has_prefix(data, client->cookie))
        memcpy(client->answer, data, (size_t) size + 1);
}

rtpengine_client *rtpengine_client_new(bench_loop *loop, const struct sockaddr_in *server)
{
    rtpengine_client *client = g_new0(rtpengine_client, 1);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    g_assert(fd >= 0 && connect(fd, (const struct sockaddr *) server, sizeof *server) == 0);
    client->loop = loop;
    client->source = (bench_source){.fd = fd, .readable = readable, .user = client};
    bench_loop_add(loop, &client->source);
    return client;
}

void rtpengine_client_free(rtpengine_client *client)
{
    bench_loop_remove(client->loop, &client->source);
    close(client->source.fd);
    g_free(client);
}

static bool is_answered(void *user)
{
    return ((rtpengine_client *) user)->answer[0] != '\0';
}

/* False if nothing came in time. */
static bool ask(rtpengine_client *client, const char *dictionary, int64_t timeout_us)
{
    g_snprintf(client->cookie, sizeof client->cookie, "b%u ", ++client->requests);
    g_autofree char *request = g_strconcat(client->cookie, dictionary, NULL);
    client->answer[0] = '\0';
    send(client->source.fd, request, strlen(request), 0); /* refused: nobody listens yet */
    return bench_loop_until(client->loop, is_answered, client, timeout_us);
}

bool rtpengine_client_ping(rtpengine_client *client, int64_t timeout_us)
{
    return ask(client, "d7:command4:pinge", timeout_us);
}

static void put(GString *out, const char *text)
{
    g_string_append_printf(out, "%zu:%s", strlen(text), text);
}

static void put_pair(GString *out, const char *key, const char *value)
{
    put(out, key);
    put(out, value);
}

static void put_list(GString *out, const char *key, const char *only)
{
    put(out, key);
    g_string_append_c(out, 'l');
    put(out, only);
    g_string_append_c(out, 'e');
}

/* How the receiver of the description is to be spoken to; an offer decides, the answer follows. */
static void put_transport(GString *out, rtpengine_media media)
{
    bool plain = media != RTPENGINE_WEBRTC;
    put_pair(out, "transport-protocol", plain ? "RTP/AVP" : "UDP/TLS/RTP/SAVPF");
    put_pair(out, "ICE", plain ? "remove" : "force");
    put_list(out, "rtcp-mux", plain ? "demux" : "require");
    put_list(out, "SDES", "off");
}

static void put_translation(GString *out)
{
    put(out, "codec");
    g_string_append_c(out, 'd');
    put_list(out, "mask", "opus");
    put_list(out, "transcode", "PCMU");
    g_string_append_c(out, 'e');
}

/* The string under `key`, wherever it is: none of the values in between looks like it. NULL if there is none. */
static char *find(const char *answer, const char *key)
{
    g_autofree char *coded = g_strdup_printf("%zu:%s", strlen(key), key);
    const char *at = strstr(answer, coded);
    if (at == NULL)
        return NULL;
    char *colon;
    size_t size = strtoul(at + strlen(coded), &colon, 10);
    return *colon == ':' && strlen(colon + 1) >= size ? g_strndup(colon + 1, size) : NULL;
}

char *rtpengine_client_describe(rtpengine_client *client, const rtpengine_request *request)
{
    g_autoptr(GString) out = g_string_new("d");
    put_pair(out, "command", request->to_tag == NULL ? "offer" : "answer");
    put_pair(out, "call-id", request->call_id);
    put_pair(out, "from-tag", request->from_tag);
    if (request->to_tag != NULL)
        put_pair(out, "to-tag", request->to_tag);
    put_pair(out, "sdp", request->sdp);
    put_transport(out, request->media);
    if (request->media == RTPENGINE_PCMU)
        put_translation(out);
    g_string_append_c(out, 'e');
    if (!ask(client, out->str, PATIENCE_US))
        bench_fail("rtpengine does not answer");
    char *sdp = find(client->answer, "sdp");
    if (sdp == NULL)
        bench_fail("rtpengine gave no description: %.300s", client->answer);
    return sdp;
}
