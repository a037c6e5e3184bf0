/* Frames by hand: RFC 6455 section 5.2. A server's frames are never masked, a client's always are. */
#include "tests/bench/websocket_client.h"

#include "base/random.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIN = 0x80, MASKED = 0x80, CONTINUATION = 0, TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };
enum { CHUNK = 16384, KEY_SIZE = 16, MAX_HEADER = 14, MAX_FRAME = 1 << 20 };

struct websocket_client {
    int fd;
    GByteArray *input; /* bytes of frames that are not whole yet */
    GString *message;  /* fragments so far */
};

static int connect_to(const struct sockaddr_in *server)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert(fd >= 0);
    if (connect(fd, (const struct sockaddr *) server, sizeof *server) == 0 &&
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool write_all(int fd, const void *data, size_t size)
{
    const uint8_t *at = data, *end = at + size;
    while (at < end) {
        ssize_t written = send(fd, at, (size_t) (end - at), MSG_NOSIGNAL);
        if (written > 0)
            at += written;
        else if (errno == EAGAIN)
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        else
            return false;
    }
    return true;
}

/* RFC 6455 section 4.2.2: the key and a fixed text, SHA-1, base64. */
static char *accept_of(const char *key)
{
    uint8_t digest[20];
    gsize size = sizeof digest;
    g_autoptr(GChecksum) sha1 = g_checksum_new(G_CHECKSUM_SHA1);
    g_checksum_update(sha1, (const guchar *) key, -1);
    g_checksum_update(sha1, (const guchar *) "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", -1);
    g_checksum_get_digest(sha1, digest, &size);
    return g_base64_encode(digest, size);
}

/* Reads the head of the answer, octet by octet so that no frame behind it is taken, and checks it. */
static bool read_answer(int fd, const char *key)
{
    g_autofree char *accept = accept_of(key);
    g_autoptr(GString) head = g_string_new(NULL);
    char octet;
    while (head->len < CHUNK && !g_str_has_suffix(head->str, "\r\n\r\n")) {
        if (recv(fd, &octet, 1, 0) != 1)
            return false;
        g_string_append_c(head, octet);
    }
    return g_str_has_prefix(head->str, "HTTP/1.1 101 ") && strstr(head->str, accept) != NULL;
}

static bool shake_hands(int fd, const struct sockaddr_in *server, const char *path, const char *protocol)
{
    uint8_t random[KEY_SIZE];
    char host[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &server->sin_addr, host, sizeof host);
    cg_random_bytes(random, sizeof random);
    g_autofree char *key = g_base64_encode(random, sizeof random);
    g_autofree char *request =
        g_strdup_printf("GET %s HTTP/1.1\r\nHost: %s:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n%s%s%s\r\n",
                        path, host, ntohs(server->sin_port), key, protocol != NULL ? "Sec-WebSocket-Protocol: " : "",
                        protocol != NULL ? protocol : "", protocol != NULL ? "\r\n" : "");
    return write_all(fd, request, strlen(request)) && read_answer(fd, key);
}

websocket_client *websocket_client_new(const struct sockaddr_in *server, const char *path, const char *protocol)
{
    int fd = connect_to(server);
    if (fd < 0)
        return NULL;
    if (!shake_hands(fd, server, path, protocol) || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        close(fd);
        return NULL;
    }
    websocket_client *client = g_new0(websocket_client, 1);
    client->fd = fd;
    client->input = g_byte_array_new();
    client->message = g_string_new(NULL);
    return client;
}

void websocket_client_free(websocket_client *client)
{
    if (client == NULL)
        return;
    close(client->fd);
    g_byte_array_unref(client->input);
    g_string_free(client->message, TRUE);
    g_free(client);
}

int websocket_client_fd(const websocket_client *client)
{
    return client->fd;
}

static size_t write_header(uint8_t header[static MAX_HEADER], uint8_t opcode, size_t size, uint32_t mask)
{
    size_t at = 2;
    header[0] = (uint8_t) (FIN | opcode);
    if (size < 126) {
        header[1] = (uint8_t) (MASKED | size);
    } else {
        g_assert(size <= UINT16_MAX);
        header[1] = MASKED | 126;
        header[at++] = (uint8_t) (size >> 8);
        header[at++] = (uint8_t) size;
    }
    memcpy(header + at, &mask, sizeof mask);
    return at + sizeof mask;
}

static void send_frame(websocket_client *client, uint8_t opcode, const void *data, size_t size)
{
    uint32_t mask = cg_random_u32();
    uint8_t key[sizeof mask];
    g_autofree uint8_t *frame = g_malloc(MAX_HEADER + size);
    size_t header = write_header(frame, opcode, size, mask);
    memcpy(key, &mask, sizeof mask);
    for (size_t i = 0; i < size; i++)
        frame[header + i] = ((const uint8_t *) data)[i] ^ key[i % 4];
    write_all(client->fd, frame, header + size); /* a broken connection is seen when it is read */
}

void websocket_client_send(websocket_client *client, const char *text, size_t size)
{
    send_frame(client, TEXT, text, size);
}

/* The size of header and payload of the first frame; false while the header is not whole. */
static bool measure_frame(const GByteArray *input, size_t *ret_header, size_t *ret_payload)
{
    if (input->len < 2)
        return false;
    size_t payload = input->data[1] & 0x7f, header = payload == 127 ? 10 : payload == 126 ? 4 : 2;
    if (input->len < header)
        return false;
    if (header > 2) {
        payload = 0;
        for (size_t i = 2; i < header; i++)
            payload = payload << 8 | input->data[i];
    }
    *ret_header = header;
    *ret_payload = payload;
    return true;
}

static bool take_frame(websocket_client *client, uint8_t first, const uint8_t *payload, size_t size,
                       websocket_on_text *on_text, void *user)
{
    switch (first & 0x0f) {
    case TEXT:
    case CONTINUATION:
        g_string_append_len(client->message, (const char *) payload, (gssize) size);
        if (first & FIN) {
            on_text(client->message->str, client->message->len, user);
            g_string_truncate(client->message, 0);
        }
        return true;
    case PING:
        send_frame(client, PONG, payload, size);
        return true;
    default:
        return false;
    }
}

static bool take_frames(websocket_client *client, websocket_on_text *on_text, void *user)
{
    size_t header, payload;
    while (measure_frame(client->input, &header, &payload)) {
        if (payload > MAX_FRAME || (client->input->data[1] & MASKED) != 0)
            return false;
        if (client->input->len < header + payload)
            break;
        if (!take_frame(client, client->input->data[0], client->input->data + header, payload, on_text, user))
            return false;
        g_byte_array_remove_range(client->input, 0, (guint) (header + payload));
    }
    return true;
}

bool websocket_client_receive(websocket_client *client, websocket_on_text *on_text, void *user)
{
    uint8_t chunk[CHUNK];
    ssize_t size;
    while ((size = recv(client->fd, chunk, sizeof chunk, 0)) > 0)
        g_byte_array_append(client->input, chunk, (guint) size);
    bool open = size < 0 && errno == EAGAIN;
    return take_frames(client, on_text, user) && open;
}
