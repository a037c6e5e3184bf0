/* Legs as the control thread sees them: it gives out ids and credentials at once and posts the rest to the workers. A
 * leg's slot is the control thread's until the leg is opened and again when its ENDED event has been delivered, so
 * neither side ever waits for the other. */
#include "bridge/bridge_internal.h"

#include "base/random.h"
#include "bridge/ice/worker_ufrag.h"
#include "bridge/worker/worker_mail.h"

/* What a leg is to the load of its worker. */
typedef enum { LEG_COUNTS_NOTHING, LEG_EXPECTED, LEG_BEGUN } leg_expectation;

static cg_bridge_worker *worker_of(cg_bridge *bridge, cg_leg_id leg)
{
    unsigned index = cg_leg_id_worker(leg);
    g_assert(index < bridge->worker_count);
    return &bridge->workers[index];
}

static void leg_connected(cg_bridge_worker *worker, uint32_t slot)
{
    if (worker->expectations[slot] != LEG_EXPECTED)
        return;
    worker->expectations[slot] = LEG_BEGUN;
    cg_load_call_began(&worker->room.load);
}

static void give_back_slot(cg_bridge_worker *worker, uint32_t slot)
{
    if (worker->expectations[slot] != LEG_COUNTS_NOTHING)
        cg_load_call_ended(&worker->room.load, worker->expectations[slot] == LEG_BEGUN);
    worker->expectations[slot] = LEG_COUNTS_NOTHING;
    g_queue_push_tail(worker->free_slots, GUINT_TO_POINTER(slot));
    worker->room.legs--;
}

void cg_bridge_note_event(cg_bridge *bridge, const cg_leg_event *event)
{
    if (event->kind == CG_LEG_EVENT_CONNECTED)
        leg_connected(worker_of(bridge, event->leg), cg_leg_id_slot(event->leg));
    else if (event->kind == CG_LEG_EVENT_ENDED)
        give_back_slot(worker_of(bridge, event->leg), cg_leg_id_slot(event->leg));
}

void cg_bridge_leg_expect(cg_bridge *bridge, cg_leg_id leg)
{
    cg_bridge_worker *worker = worker_of(bridge, leg);
    uint8_t *expectation = &worker->expectations[cg_leg_id_slot(leg)];
    g_assert(*expectation == LEG_COUNTS_NOTHING);
    *expectation = LEG_EXPECTED;
    cg_load_call_admitted(&worker->room.load);
}

void cg_bridge_leg_expect_translation(cg_bridge *bridge, cg_leg_id leg)
{
    cg_load_translation_began(&worker_of(bridge, leg)->room.load);
}

static cg_ice_credentials credentials_on(unsigned worker)
{
    cg_ice_credentials credentials = cg_ice_credentials_new();
    cg_ufrag_set_worker(credentials.ufrag, worker);
    return credentials;
}

/* An id on a free slot; 0 if there is none. */
static cg_leg_id take_slot(cg_bridge *bridge, unsigned worker)
{
    g_assert(worker < bridge->worker_count);
    cg_bridge_worker *on = &bridge->workers[worker];
    if (g_queue_is_empty(on->free_slots))
        return 0;
    uint32_t slot = GPOINTER_TO_UINT(g_queue_pop_head(on->free_slots));
    on->room.legs++;
    return cg_leg_id_make(worker, ++on->generations[slot], slot);
}

cg_leg_id cg_bridge_leg_open(cg_bridge *bridge, unsigned worker, cg_leg_role role, cg_media_description *ret_local)
{
    cg_leg_id leg = take_slot(bridge, worker);
    if (leg == 0)
        return 0;
    *ret_local = (cg_media_description){
        .ice = credentials_on(worker),
        .fingerprint = *cg_dtls_pool_fingerprint(bridge->pool),
        .ssrc = cg_random_u32() | 1, /* never 0 */
    };
    cg_worker_post_open(bridge->workers[worker].worker, leg, role, &ret_local->ice, ret_local->ssrc);
    return leg;
}

/* Takes the descriptors. */
static cg_leg_id open_at(cg_bridge *bridge, unsigned worker, const cg_rtp_address *address,
                         const int fds[static CG_RTP_PORT_COUNT], cg_media_description *ret_local)
{
    cg_leg_id leg = take_slot(bridge, worker);
    if (leg == 0) {
        cg_rtp_ports_close(fds);
        return 0;
    }
    *ret_local = (cg_media_description){.rtp = *address, .ssrc = cg_random_u32() | 1};
    cg_worker_post_open_rtp(bridge->workers[worker].worker, leg, fds, ret_local->ssrc);
    return leg;
}

cg_leg_id cg_bridge_leg_open_rtp(cg_bridge *bridge, unsigned worker, int family, cg_media_description *ret_local)
{
    int fds[CG_RTP_PORT_COUNT];
    cg_rtp_address address;
    return cg_rtp_host_open(&bridge->rtp, family, &address, fds) ? open_at(bridge, worker, &address, fds, ret_local)
                                                                 : 0;
}

cg_leg_id cg_bridge_leg_open_inside(cg_bridge *bridge, unsigned worker, cg_media_description *ret_local)
{
    int fds[CG_RTP_PORT_COUNT];
    cg_rtp_address address;
    return cg_rtp_host_open_inside(&bridge->rtp, &address, fds) ? open_at(bridge, worker, &address, fds, ret_local) : 0;
}

void cg_bridge_leg_connect(cg_bridge *bridge, cg_leg_id leg, const cg_media_description *local,
                           const cg_media_description *remote)
{
    cg_worker_post_describe(worker_of(bridge, leg)->worker, leg, local, remote);
}

void cg_bridge_leg_restart(cg_bridge *bridge, cg_leg_id leg, cg_ice_credentials *ret_local)
{
    *ret_local = credentials_on(cg_leg_id_worker(leg));
    cg_worker_post_restart(worker_of(bridge, leg)->worker, leg, ret_local);
}

void cg_bridge_leg_add_candidate(cg_bridge *bridge, cg_leg_id leg, const cg_candidate *candidate)
{
    if (bridge->ice == CG_ICE_FULL)
        cg_worker_post_candidate(worker_of(bridge, leg)->worker, leg, candidate);
}

unsigned cg_bridge_leg_worker(cg_leg_id leg)
{
    return cg_leg_id_worker(leg);
}

void cg_bridge_link(cg_bridge *bridge, cg_leg_id a, cg_leg_id b)
{
    if (a == 0 && b == 0)
        return;
    cg_bridge_worker *worker = worker_of(bridge, a != 0 ? a : b);
    g_assert(a == 0 || b == 0 || worker_of(bridge, b) == worker);
    cg_worker_post_link(worker->worker, a, b);
}

void cg_bridge_leg_set_flow(cg_bridge *bridge, cg_leg_id leg, bool from_leg, bool to_leg)
{
    cg_worker_post_flow(worker_of(bridge, leg)->worker, leg, from_leg, to_leg);
}

void cg_bridge_leg_play(cg_bridge *bridge, cg_leg_id leg, cg_music *music)
{
    cg_worker_post_play(worker_of(bridge, leg)->worker, leg, music);
}

void cg_bridge_leg_set_ringing(cg_bridge *bridge, cg_leg_id leg, bool ringing)
{
    cg_worker_post_ringing(worker_of(bridge, leg)->worker, leg, ringing);
}

void cg_bridge_leg_send_digits(cg_bridge *bridge, cg_leg_id leg, const char *digits)
{
    cg_worker_post_digits(worker_of(bridge, leg)->worker, leg, digits);
}

void cg_bridge_leg_take_digits(cg_bridge *bridge, cg_leg_id leg, const char *digits)
{
    cg_worker_post_take_keys(worker_of(bridge, leg)->worker, leg, digits);
}

void cg_bridge_leg_set_keys(cg_bridge *bridge, cg_leg_id leg, cg_keys_form form)
{
    cg_worker_post_keys(worker_of(bridge, leg)->worker, leg, form);
}

void cg_bridge_leg_stats(cg_bridge *bridge, cg_leg_id leg)
{
    cg_worker_post_stats(worker_of(bridge, leg)->worker, leg);
}

void cg_bridge_leg_close(cg_bridge *bridge, cg_leg_id leg)
{
    cg_worker_post_close(worker_of(bridge, leg)->worker, leg);
}
