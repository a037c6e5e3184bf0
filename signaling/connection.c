/* TCP connections: counted per address before anything is allocated for them, then handed to libwebsockets. */
#include "signaling/exchange.h"
#include "signaling/server_internal.h"
#include "signaling/socket.h"

#include <unistd.h>

/* Beside its WebSockets an address may hold this many connections for HTTP and handshakes under way. */
#define SPARE_CONNECTIONS 64

static bool too_many(const cg_server *server, const cg_peer_address *peer)
{
    return cg_counters_get(server->connections_by_address, peer->key) >=
           server->settings.limits.connections_per_ip + SPARE_CONNECTIONS;
}

void cg_connection_accept(cg_server *server, int fd, const struct sockaddr *address)
{
    cg_peer_address peer;

    cg_peer_address_read(address, &peer);
    if (too_many(server, &peer)) {
        cg_server_reject(server, CG_REJECT_IP_LIMIT, peer.text, "too many TCP connections");
        close(fd);
        return;
    }
    cg_connection *connection = g_new0(cg_connection, 1);
    connection->server = server;
    connection->peer = peer;
    cg_counters_enter(server->connections_by_address, peer.key);
    server->open_connections++;

    /* From here on libwebsockets owns the descriptor, whatever it answers. It announces the wsi while it makes it, and
     * its end later; only if it made none is the connection still ours. */
    server->adopting = connection;
    lws_adopt_descriptor_vhost_via_info(&(lws_adopt_desc_t){
        .vh = server->vhost,
        .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | LWS_ADOPT_ALLOW_SSL,
        .fd = {.sockfd = fd},
        .opaque = connection,
    });
    if (server->adopting && !connection->wsi)
        cg_connection_free(connection);
    server->adopting = NULL;
}

void cg_connection_free(cg_connection *connection)
{
    cg_server *server = connection->server;

    if (server->adopting == connection)
        server->adopting = NULL;
    if (connection->socket)
        cg_socket_free(connection->socket);
    cg_exchange_free(connection->exchange);
    cg_counters_leave(server->connections_by_address, connection->peer.key);
    server->open_connections--;
    g_free(connection);
}
