/* A table of the connections by peer. Sofia closes descriptors without telling: an entry counts as long as its
 * descriptor is connected to that peer. */
#include "signaling/sip/sip_connections.h"

#include "signaling/sip/sip_overrides.h"

#include <glib.h>
#include <netinet/in.h>
#include <sofia-sip/su_wait.h>
#include <stdatomic.h>
#include <string.h>

#define IPV6_NETWORK 8 /* octets that count as one address */

typedef struct {
    uint8_t address[16]; /* IPv4: mapped into IPv6 */
    uint16_t port;
} peer_key;

typedef struct {
    peer_key peer;
    int fd;              /* Sofia's */
    int64_t awaiting_us; /* since when a message is awaited; 0: none is */
} connection;

struct cg_sip_connections {
    cg_sip_connection_limits limits;
    GHashTable *by_peer; /* peer_key * -> (owned) connection */
    GArray *ports;       /* uint16_t: what listening sockets have; in network order */
    int ipv4, ipv6;      /* the sockets of UDP; -1: none was seen */
    bool opened;
    atomic_size_t open, refused, late;
};

static const uint8_t mapped_ipv4[12] = {[10] = 0xff, [11] = 0xff};

static uint16_t port_of(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET ? ((const struct sockaddr_in *) address)->sin_port
                                         : ((const struct sockaddr_in6 *) address)->sin6_port;
}

static peer_key key_of(const struct sockaddr_storage *address)
{
    peer_key key = {.port = port_of(address)};
    if (address->ss_family == AF_INET) {
        memcpy(key.address, mapped_ipv4, sizeof mapped_ipv4);
        memcpy(key.address + sizeof mapped_ipv4, &((const struct sockaddr_in *) address)->sin_addr, 4);
    } else {
        memcpy(key.address, &((const struct sockaddr_in6 *) address)->sin6_addr, sizeof key.address);
    }
    return key;
}

static guint hash_key(gconstpointer data)
{
    const peer_key *key = data;
    guint hash = key->port;
    for (size_t i = 0; i < sizeof key->address; i++)
        hash = hash * 31 + key->address[i];
    return hash;
}

static gboolean same_key(gconstpointer a, gconstpointer b)
{
    const peer_key *one = a, *other = b;
    return one->port == other->port && memcmp(one->address, other->address, sizeof one->address) == 0;
}

static bool same_address(const peer_key *a, const peer_key *b)
{
    bool ipv4 = memcmp(a->address, mapped_ipv4, sizeof mapped_ipv4) == 0;
    return memcmp(a->address, b->address, ipv4 ? sizeof a->address : IPV6_NETWORK) == 0;
}

cg_sip_connections *cg_sip_connections_new(const cg_sip_connection_limits *limits)
{
    cg_sip_connections *connections = g_new0(cg_sip_connections, 1);
    connections->limits = *limits;
    connections->by_peer = g_hash_table_new_full(hash_key, same_key, NULL, g_free);
    connections->ports = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    connections->ipv4 = connections->ipv6 = -1;
    return connections;
}

void cg_sip_connections_free(cg_sip_connections *connections)
{
    if (connections == NULL)
        return;
    g_hash_table_unref(connections->by_peer);
    g_array_unref(connections->ports);
    g_free(connections);
}

/* --- what Sofia watches --- */

/* Sofia has a thread of ours to itself, and gives no context to what it registers descriptors with. */
static cg_sip_connections **of_thread(void)
{
    static _Thread_local cg_sip_connections *connections;
    return &connections;
}

void cg_sip_connections_watch(cg_sip_connections *connections)
{
    *of_thread() = connections;
}

/* Sofia's transports close what cannot be registered. */
int su_root_register(su_root_t *root, su_wait_t *wait, su_wakeup_f callback, su_wakeup_arg_t *argument, int priority)
{
    cg_sip_connections *connections = *of_thread();
    if (connections != NULL && !cg_sip_connections_admit(connections, wait->fd, g_get_monotonic_time()))
        return -1;
    return CG_SIP_ORIGINAL(su_root_register)(root, wait, callback, argument, priority);
}

static int option_of(int fd, int option)
{
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

static bool is_connected(const connection *known)
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof peer;
    if (getpeername(known->fd, (struct sockaddr *) &peer, &size) != 0)
        return false;
    peer_key key = key_of(&peer);
    return same_key(&key, &known->peer);
}

static gboolean is_gone(gpointer key, gpointer value, gpointer user)
{
    return !is_connected(value);
}

static bool has_room(const cg_sip_connections *connections, const peer_key *peer)
{
    GHashTableIter iter;
    gpointer key;
    unsigned same = 0;
    g_hash_table_iter_init(&iter, connections->by_peer);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        same += same_address(key, peer);
    return g_hash_table_size(connections->by_peer) < connections->limits.max &&
           same < connections->limits.max_per_address;
}

static void note_listening(cg_sip_connections *connections, const struct sockaddr_storage *local)
{
    uint16_t port = port_of(local);
    g_array_append_val(connections->ports, port);
}

static void note_datagrams(cg_sip_connections *connections, int fd, int family)
{
    int *of_family = family == AF_INET ? &connections->ipv4 : &connections->ipv6;
    if (!connections->opened && *of_family == -1)
        *of_family = fd;
}

/* What we connect ourselves has a port that the kernel chose. */
static bool is_accepted(const cg_sip_connections *connections, const struct sockaddr_storage *local)
{
    for (guint i = 0; i < connections->ports->len; i++)
        if (g_array_index(connections->ports, uint16_t, i) == port_of(local))
            return true;
    return false;
}

static bool admit_accepted(cg_sip_connections *connections, int fd, const peer_key *peer, int64_t now_us)
{
    const connection *known = g_hash_table_lookup(connections->by_peer, peer);
    if (known != NULL && known->fd == fd) /* TLS registers twice: for its handshake, and behind it */
        return true;
    if (!has_room(connections, peer))
        g_hash_table_foreach_remove(connections->by_peer, is_gone, NULL);
    if (!has_room(connections, peer)) {
        atomic_fetch_add_explicit(&connections->refused, 1, memory_order_relaxed);
        return false;
    }
    connection *made = g_new(connection, 1);
    *made = (connection){.peer = *peer, .fd = fd, .awaiting_us = now_us};
    g_hash_table_replace(connections->by_peer, &made->peer, made);
    return true;
}

bool cg_sip_connections_admit(cg_sip_connections *connections, int fd, int64_t now_us)
{
    struct sockaddr_storage local = {0}, peer = {0};
    socklen_t local_size = sizeof local, peer_size = sizeof peer;
    if (getsockname(fd, (struct sockaddr *) &local, &local_size) != 0 ||
        (local.ss_family != AF_INET && local.ss_family != AF_INET6))
        return true;
    if (option_of(fd, SO_TYPE) == SOCK_DGRAM)
        note_datagrams(connections, fd, local.ss_family);
    if (option_of(fd, SO_ACCEPTCONN) > 0)
        note_listening(connections, &local);
    if (option_of(fd, SO_TYPE) != SOCK_STREAM || getpeername(fd, (struct sockaddr *) &peer, &peer_size) != 0 ||
        !is_accepted(connections, &local))
        return true;
    peer_key key = key_of(&peer);
    return admit_accepted(connections, fd, &key, now_us);
}

/* --- messages --- */

static connection *find(const cg_sip_connections *connections, const struct sockaddr_storage *peer)
{
    peer_key key = key_of(peer);
    return g_hash_table_lookup(connections->by_peer, &key);
}

void cg_sip_connections_begun(cg_sip_connections *connections, const struct sockaddr_storage *peer, int64_t now_us)
{
    connection *known = find(connections, peer);
    if (known != NULL && known->awaiting_us == 0)
        known->awaiting_us = now_us;
}

void cg_sip_connections_heard(cg_sip_connections *connections, const struct sockaddr_storage *peer)
{
    connection *known = find(connections, peer);
    if (known != NULL)
        known->awaiting_us = 0;
}

static void shut(const connection *known)
{
    if (is_connected(known))
        shutdown(known->fd, SHUT_RDWR); /* Sofia is told of it by its loop, and closes */
}

void cg_sip_connections_end(cg_sip_connections *connections, const struct sockaddr_storage *peer)
{
    const connection *known = find(connections, peer);
    if (known != NULL)
        shut(known);
}

void cg_sip_connections_look(cg_sip_connections *connections, int64_t now_us)
{
    int64_t timeout_us = (int64_t) connections->limits.message_timeout_ms * 1000;
    GHashTableIter iter;
    gpointer value;
    g_hash_table_foreach_remove(connections->by_peer, is_gone, NULL);
    g_hash_table_iter_init(&iter, connections->by_peer);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const connection *known = value;
        if (known->awaiting_us == 0 || now_us - known->awaiting_us < timeout_us)
            continue;
        shut(known);
        atomic_fetch_add_explicit(&connections->late, 1, memory_order_relaxed);
        g_hash_table_iter_remove(&iter);
    }
    atomic_store_explicit(&connections->open, g_hash_table_size(connections->by_peer), memory_order_relaxed);
}

void cg_sip_connections_stats_read(const cg_sip_connections *connections, cg_sip_connections_stats *ret_stats)
{
    *ret_stats = (cg_sip_connections_stats){
        .open = atomic_load_explicit(&connections->open, memory_order_relaxed),
        .refused = atomic_load_explicit(&connections->refused, memory_order_relaxed),
        .late = atomic_load_explicit(&connections->late, memory_order_relaxed),
    };
}

unsigned cg_sip_connections_listening(const cg_sip_connections *connections)
{
    return connections->ports->len;
}

void cg_sip_connections_opened(cg_sip_connections *connections)
{
    connections->opened = true;
}

/* One of IPv6 may take IPv4, too. */
int cg_sip_connections_datagrams(const cg_sip_connections *connections, int family)
{
    return family == AF_INET && connections->ipv4 != -1 ? connections->ipv4 : connections->ipv6;
}
