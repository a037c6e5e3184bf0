/* libnice's NiceAgent behind our own few verbs. What is odd in libnice 0.1.21 and matters here:
 *
 * - Its consent freshness (RFC 7675) gives a peer 10 s and sends one check every 5 s without repeating it: a single
 * lost packet ends it, for good. So it is off; connectivity checks serve as keepalives instead, which fail after 50 s.
 * The leg itself watches the peer's media.
 * - An agent that is closed before its STUN server was looked up (literals are as well) warns of the lookup it
 *   cancelled itself. Closing waits for everything more urgent, the lookup included.
 * - nice_agent_close_async waits for ever for an allocation that a TURN server grants meanwhile. Removing the stream
 *   first ends gathering. */
#include "bridge/ice/ice_agent.h"

#include "base/clock.h"
#include "base/turn_credentials.h"

#include <nice/agent.h>
#include <string.h>

#define COMPONENT NICE_COMPONENT_TYPE_RTP
#define MAX_CLOSING_US 1500000
#define CREDENTIALS_LAST_S 86400 /* longer than any call */

struct cg_ice_agents {
    GMainContext *context;
    const cg_ice_servers *servers;
    const cg_addresses *addresses;
    const cg_ice_agent_handlers *handlers;
    void *owner;
    unsigned closing; /* NiceAgents that are on their way out */
};

struct cg_ice_agent {
    cg_ice_agents *agents;
    NiceAgent *nice; /* owned */
    guint stream;
    void *user;
    bool alive;
    cg_ice_credentials remote; /* empty: not known (any more) */
    cg_candidate early[CG_ICE_MAX_REMOTE_CANDIDATES];
    unsigned remote_count; /* those taken, early ones included */
};

cg_ice_agents *cg_ice_agents_new(GMainContext *context, const cg_ice_servers *servers, const cg_addresses *addresses,
                                 const cg_ice_agent_handlers *handlers, void *owner)
{
    cg_ice_agents *agents = g_new0(cg_ice_agents, 1);
    *agents = (cg_ice_agents){
        .context = context, .servers = servers, .addresses = addresses, .handlers = handlers, .owner = owner};
    return agents;
}

static gboolean on_patience_ended(gpointer user)
{
    *(bool *) user = true;
    return G_SOURCE_CONTINUE;
}

/* What a silent TURN server leaves over goes with the process. */
void cg_ice_agents_free(cg_ice_agents *agents)
{
    bool ended = false;
    if (agents == NULL)
        return;
    GSource *patience = g_timeout_source_new(MAX_CLOSING_US / 1000);
    g_source_set_callback(patience, on_patience_ended, &ended, NULL);
    g_source_attach(patience, agents->context);
    while (agents->closing > 0 && !ended)
        g_main_context_iteration(agents->context, TRUE);
    g_source_destroy(patience);
    g_source_unref(patience);
    if (agents->closing == 0)
        g_free(agents);
}

static bool copy_address(const NiceAddress *from, struct sockaddr_storage *ret_address)
{
    struct sockaddr_storage address = {0};
    nice_address_copy_to_sockaddr(from, (struct sockaddr *) &address);
    if (address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *) &address)->sin6_scope_id = 0;
    *ret_address = address;
    return address.ss_family == AF_INET || address.ss_family == AF_INET6;
}

static const cg_candidate_type types[] = {
    [NICE_CANDIDATE_TYPE_HOST] = CG_CANDIDATE_HOST,
    [NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE] = CG_CANDIDATE_SERVER_REFLEXIVE,
    [NICE_CANDIDATE_TYPE_PEER_REFLEXIVE] = CG_CANDIDATE_PEER_REFLEXIVE,
    [NICE_CANDIDATE_TYPE_RELAYED] = CG_CANDIDATE_RELAYED,
};

static void on_candidate(NiceAgent *nice, NiceCandidate *found, gpointer user)
{
    cg_ice_agent *agent = user;
    cg_candidate candidate = {.priority = found->priority, .type = types[found->type]};
    g_strlcpy(candidate.foundation, found->foundation, sizeof candidate.foundation);
    if (found->type == NICE_CANDIDATE_TYPE_PEER_REFLEXIVE) /* not gathered: RFC 8445 section 5.1.1 */
        return;
    if (found->transport == NICE_CANDIDATE_TRANSPORT_UDP && copy_address(&found->addr, &candidate.address))
        agent->agents->handlers->candidate(agent->agents->owner, agent->user, &candidate);
}

static void on_gathered(NiceAgent *nice, guint stream, gpointer user)
{
    cg_ice_agent *agent = user;
    agent->agents->handlers->gathered(agent->agents->owner, agent->user);
}

static void on_selected(NiceAgent *nice, guint stream, guint component, NiceCandidate *local, NiceCandidate *remote,
                        gpointer user)
{
    cg_ice_agent *agent = user;
    struct sockaddr_storage peer;
    agent->alive = true;
    if (copy_address(&remote->addr, &peer))
        agent->agents->handlers->selected(agent->agents->owner, agent->user, &peer);
}

static void on_state(NiceAgent *nice, guint stream, guint component, guint state, gpointer user)
{
    cg_ice_agent *agent = user;
    if (state != NICE_COMPONENT_STATE_FAILED)
        return;
    agent->alive = false;
    agent->agents->handlers->failed(agent->agents->owner, agent->user);
}

static void on_data(NiceAgent *nice, guint stream, guint component, guint size, gchar *data, gpointer user)
{
    cg_ice_agent *agent = user;
    agent->agents->handlers->received(agent->agents->owner, agent->user, (const uint8_t *) data, size);
}

/* Of a closed agent. Without a reader its sockets would be readable for ever. */
static void discard_data(NiceAgent *nice, guint stream, guint component, guint size, gchar *data, gpointer user)
{
}

static void add_addresses(NiceAgent *nice, const cg_addresses *addresses)
{
    for (size_t i = 0; i < addresses->found_count; i++) {
        NiceAddress address;
        nice_address_init(&address);
        nice_address_set_from_sockaddr(&address, (const struct sockaddr *) &addresses->found[i]);
        nice_agent_add_local_address(nice, &address);
    }
}

static void set_relays(cg_ice_agent *agent)
{
    const cg_ice_servers *servers = agent->agents->servers;
    const char *username = servers->username, *password = servers->password;
    cg_turn_credentials made;
    if (servers->secret[0] != '\0') {
        made = cg_turn_credentials_make(servers->secret, "callgate", cg_clock_wall_ms() / 1000 + CREDENTIALS_LAST_S);
        username = made.username;
        password = made.password;
    }
    for (size_t i = 0; i < servers->turn_count; i++)
        nice_agent_set_relay_info(agent->nice, agent->stream, COMPONENT, servers->turn[i].address,
                                  servers->turn[i].port, username, password,
                                  servers->turn[i].tcp ? NICE_RELAY_TYPE_TURN_TCP : NICE_RELAY_TYPE_TURN_UDP);
}

static void set_servers(cg_ice_agent *agent)
{
    const cg_ice_servers *servers = agent->agents->servers;
    if (servers->stun.port != 0)
        g_object_set(agent->nice, "stun-server", servers->stun.address, "stun-server-port", (guint) servers->stun.port,
                     NULL);
    set_relays(agent);
    if (servers->min_port != 0)
        nice_agent_set_port_range(agent->nice, agent->stream, COMPONENT, servers->min_port, servers->max_port);
}

static void connect_signals(cg_ice_agent *agent)
{
    g_signal_connect(agent->nice, "new-candidate-full", G_CALLBACK(on_candidate), agent);
    g_signal_connect(agent->nice, "candidate-gathering-done", G_CALLBACK(on_gathered), agent);
    g_signal_connect(agent->nice, "new-selected-pair-full", G_CALLBACK(on_selected), agent);
    g_signal_connect(agent->nice, "component-state-changed", G_CALLBACK(on_state), agent);
}

cg_ice_agent *cg_ice_agent_new(cg_ice_agents *agents, const cg_ice_credentials *local, bool controlling, void *user)
{
    cg_ice_agent *agent = g_new0(cg_ice_agent, 1);
    agent->agents = agents;
    agent->user = user;
    agent->nice = nice_agent_new_full(agents->context, NICE_COMPATIBILITY_RFC5245, NICE_AGENT_OPTION_ICE_TRICKLE);
    g_object_set(agent->nice, "upnp", FALSE, "ice-tcp", FALSE, "keepalive-conncheck", TRUE, "controlling-mode",
                 (gboolean) controlling, NULL);
    agent->stream = nice_agent_add_stream(agent->nice, 1);
    nice_agent_set_local_credentials(agent->nice, agent->stream, local->ufrag, local->pwd);
    add_addresses(agent->nice, agents->addresses);
    set_servers(agent);
    connect_signals(agent);
    nice_agent_attach_recv(agent->nice, agent->stream, COMPONENT, agents->context, on_data, agent);
    return agent;
}

/* A NiceAgent that is closing, and whose count it is in. */
typedef struct {
    cg_ice_agents *agents;
    NiceAgent *nice; /* owned */
    guint stream;
} closing_agent;

static void on_closed(GObject *source, GAsyncResult *result, gpointer user)
{
    closing_agent *closing = user;
    g_assert(source == G_OBJECT(closing->nice));
    closing->agents->closing--;
    g_object_unref(closing->nice);
    g_free(closing);
}

static gboolean close_now(gpointer user)
{
    closing_agent *closing = user;
    nice_agent_remove_stream(closing->nice, closing->stream);
    nice_agent_close_async(closing->nice, on_closed, closing);
    return G_SOURCE_REMOVE;
}

void cg_ice_agent_close(cg_ice_agent *agent)
{
    if (agent == NULL)
        return;
    g_signal_handlers_disconnect_by_data(agent->nice, agent);
    nice_agent_attach_recv(agent->nice, agent->stream, COMPONENT, agent->agents->context, discard_data, NULL);
    closing_agent *closing = g_new0(closing_agent, 1);
    *closing = (closing_agent){.agents = agent->agents, .nice = agent->nice, .stream = agent->stream};
    agent->agents->closing++;
    GSource *source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_LOW);
    g_source_set_callback(source, close_now, closing, NULL);
    g_source_attach(source, agent->agents->context);
    g_source_unref(source);
    g_free(agent);
}

bool cg_ice_agent_gather(cg_ice_agent *agent)
{
    return nice_agent_gather_candidates(agent->nice, agent->stream);
}

void cg_ice_agent_restart(cg_ice_agent *agent, const cg_ice_credentials *local)
{
    agent->remote = (cg_ice_credentials){0};
    agent->remote_count = 0;
    nice_agent_restart_stream(agent->nice, agent->stream);
    nice_agent_set_local_credentials(agent->nice, agent->stream, local->ufrag, local->pwd);
}

static void give_candidate(cg_ice_agent *agent, const cg_candidate *candidate)
{
    if (candidate->ufrag[0] != '\0' && strcmp(candidate->ufrag, agent->remote.ufrag) != 0)
        return;
    NiceCandidateType type = NICE_CANDIDATE_TYPE_HOST;
    while (types[type] != candidate->type)
        type++;
    NiceCandidate *given = nice_candidate_new(type);
    given->transport = NICE_CANDIDATE_TRANSPORT_UDP;
    given->stream_id = agent->stream;
    given->component_id = COMPONENT;
    given->priority = candidate->priority;
    nice_address_set_from_sockaddr(&given->addr, (const struct sockaddr *) &candidate->address);
    g_strlcpy(given->foundation, candidate->foundation, sizeof given->foundation);
    g_autoptr(GSList) list = g_slist_prepend(NULL, given);
    nice_agent_set_remote_candidates(agent->nice, agent->stream, COMPONENT, list);
    nice_candidate_free(given);
}

void cg_ice_agent_set_remote(cg_ice_agent *agent, const cg_ice_credentials *remote)
{
    if (strcmp(agent->remote.ufrag, remote->ufrag) == 0 && strcmp(agent->remote.pwd, remote->pwd) == 0)
        return;
    bool first = agent->remote.ufrag[0] == '\0';
    agent->remote = *remote;
    nice_agent_set_remote_credentials(agent->nice, agent->stream, remote->ufrag, remote->pwd);
    for (unsigned i = 0; first && i < agent->remote_count; i++)
        give_candidate(agent, &agent->early[i]);
}

void cg_ice_agent_add_remote(cg_ice_agent *agent, const cg_candidate *candidate)
{
    if (agent->remote_count == CG_ICE_MAX_REMOTE_CANDIDATES)
        return;
    if (agent->remote.ufrag[0] == '\0')
        agent->early[agent->remote_count] = *candidate;
    else
        give_candidate(agent, candidate);
    agent->remote_count++;
}

bool cg_ice_agent_is_alive(const cg_ice_agent *agent)
{
    return agent->alive;
}

bool cg_ice_agent_send(cg_ice_agent *agent, const uint8_t *data, size_t size)
{
    return nice_agent_send(agent->nice, agent->stream, COMPONENT, (guint) size, (const gchar *) data) == (gint) size;
}
