/* A client of Janus over its WebSocket API, with a session and a handle of one plugin, as a browser of janus.js has. */
#pragma once

#include "tests/bench/bench_loop.h"
#include "tests/lib-native/webrtc_peer.h"

#include <netinet/in.h>

typedef struct janus_client janus_client;

/* Connected, session made, attached to the plugin ("janus.plugin.echotest"). */
janus_client *janus_client_new(bench_loop *loop, const struct sockaddr_in *server, const char *plugin,
                               const char *name);
void janus_client_free(janus_client *client);

/* Echo test: offers the peer, which will hear itself. */
void janus_client_echo(janus_client *client, webrtc_peer *peer);

/* Video call: takes its name as user name, so that it can be called. */
void janus_client_register(janus_client *client);
/* Video call without video: calls and answers. Media comes up by itself. */
void janus_client_call(janus_client *caller, janus_client *callee, webrtc_peer *const peers[static 2]);
