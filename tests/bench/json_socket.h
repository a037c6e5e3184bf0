/* A WebSocket of JSON messages on the loop, as a client that asks one thing at a time needs it: what comes is kept in
 * order until it is asked for. Also echoes Callgate's heartbeat, a line feed alone. */
#pragma once

#include "base/json.h"
#include "base/json_writer.h"
#include "tests/bench/bench_loop.h"

#include <netinet/in.h>

typedef struct json_socket json_socket;

typedef struct {
    cg_json *json;
    int64_t received_us; /* monotonic: when the socket was readable */
} json_message;

/* `name` is for errors, which end the benchmark. `protocol` is a subprotocol, or NULL. */
json_socket *json_socket_new(bench_loop *loop, const struct sockaddr_in *server, const char *path, const char *protocol,
                             const char *name);
void json_socket_free(json_socket *socket);
const char *json_socket_name(const json_socket *socket);

/* Takes the writer, whose root is closed. Returns the time just before the message went to the socket. */
int64_t json_socket_send(json_socket *socket, cg_json_writer *writer);
/* The next message, waited for; `what` is for the error if none comes. Free its json. */
json_message json_socket_next(json_socket *socket, const char *what);
