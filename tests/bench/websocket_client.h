/* The client's side of a WebSocket (RFC 6455) over plain TCP: as much as a benchmark needs of it, without
 * extensions. Connecting blocks; everything after it does not. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct websocket_client websocket_client;
/* A whole text message; `text` is NUL-terminated and valid during the call. */
typedef void websocket_on_text(const char *text, size_t size, void *user);

/* NULL if there is no connection or the handshake fails. `protocol` is a subprotocol to ask for, or NULL. */
websocket_client *websocket_client_new(const struct sockaddr_in *server, const char *path, const char *protocol);
void websocket_client_free(websocket_client *client);

int websocket_client_fd(const websocket_client *client);
void websocket_client_send(websocket_client *client, const char *text, size_t size);
/* Hands over everything that waits and answers pings. False once the connection is closed or breaks the protocol. */
bool websocket_client_receive(websocket_client *client, websocket_on_text *on_text, void *user);
