/* A client of /signal as a benchmark needs it: says what a browser says, echoes heartbeats, and waits for one kind of
 * message at a time. Whatever it did not expect ends the benchmark: figures of failed calls are worth nothing. */
#pragma once

#include "tests/bench/json_socket.h"

#include <stdint.h>

typedef struct signal_client signal_client;

typedef struct {
    cg_json *json;
    const char *type;
    const cg_json_value *payload;
    int64_t received_us; /* monotonic: when the socket was readable */
} signal_message;

void signal_message_free(signal_message *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(signal_message, signal_message_free)
/* A member of the payload; ends the benchmark if it is not there. */
const char *signal_message_text(const signal_message *message, const char *name);

/* Connected, token shown. It resumes, as callgate.js does, so the gateway keeps what it sends. */
signal_client *signal_client_new(bench_loop *loop, const struct sockaddr_in *server, const char *identity,
                                 const char *token);
void signal_client_free(signal_client *client);
const char *signal_client_identity(const signal_client *client);

void signal_client_register(signal_client *client);

/* These return the time just before the message went to the socket. */
int64_t signal_client_invite(signal_client *client, const char *callsid, const char *to, const char *sdp);
int64_t signal_client_answer(signal_client *client, const char *callsid, const char *sdp);
int64_t signal_client_hang_up(signal_client *client, const char *callsid);
/* A request for something that is not there: the least the gateway can be asked. `error` answers. */
int64_t signal_client_ask_nothing(signal_client *client);

/* The next message of that type; others before it are passed over, but errors are not. */
signal_message *signal_client_expect(signal_client *client, const char *type);
