/* The functions of bridge.h that the call path uses, noting instead of doing. */
#include "tests/unit/gateway/fake_bridge.h"

cg_fake_bridge cg_fake;

void cg_fake_bridge_reset(void)
{
    if (cg_fake.calls != NULL)
        g_string_free(cg_fake.calls, TRUE);
    cg_fake = (cg_fake_bridge){.next = 1, .calls = g_string_new(NULL)};
}

cg_admission cg_bridge_admit(const cg_bridge *bridge, unsigned near, unsigned *ret_worker)
{
    cg_fake.near = near;
    *ret_worker = 3;
    return cg_fake.admission;
}

const char *cg_admission_name(cg_admission admission)
{
    return "test";
}

void cg_bridge_leg_expect(cg_bridge *bridge, cg_leg_id leg)
{
    g_string_append_printf(cg_fake.calls, "expect %d;", (int) leg);
}

void cg_bridge_leg_expect_translation(cg_bridge *bridge, cg_leg_id leg)
{
    g_string_append_printf(cg_fake.calls, "translate %d;", (int) leg);
}

cg_leg_id cg_bridge_leg_open(cg_bridge *bridge, unsigned worker, cg_leg_role role, cg_media_description *ret_local)
{
    g_assert_true(worker == 3 || cg_fake.elsewhere != 0);
    if (cg_fake.full)
        return 0;
    g_string_append_printf(cg_fake.calls, "open %d;", (int) cg_fake.next);
    return cg_fake.next++;
}

cg_leg_id cg_bridge_leg_open_rtp(cg_bridge *bridge, unsigned worker, int family, cg_media_description *ret_local)
{
    return cg_bridge_leg_open(bridge, worker, CG_LEG_OFFERS, ret_local);
}

cg_leg_id cg_bridge_leg_open_inside(cg_bridge *bridge, unsigned worker, cg_media_description *ret_local)
{
    return cg_bridge_leg_open(bridge, worker, CG_LEG_OFFERS, ret_local);
}

void cg_bridge_leg_connect(cg_bridge *bridge, cg_leg_id leg, const cg_media_description *local,
                           const cg_media_description *remote)
{
    g_string_append_printf(cg_fake.calls, "connect %d;", (int) leg);
}

unsigned cg_bridge_leg_worker(cg_leg_id leg)
{
    return leg == cg_fake.elsewhere ? 4 : 3;
}

void cg_bridge_link(cg_bridge *bridge, cg_leg_id a, cg_leg_id b)
{
    g_string_append_printf(cg_fake.calls, "link %d %d;", (int) a, (int) b);
}

void cg_bridge_leg_set_flow(cg_bridge *bridge, cg_leg_id leg, bool from_leg, bool to_leg)
{
    g_string_append_printf(cg_fake.calls, "flow %d %d %d;", (int) leg, from_leg, to_leg);
}

void cg_bridge_leg_play(cg_bridge *bridge, cg_leg_id leg, cg_music *music)
{
    g_string_append_printf(cg_fake.calls, "play %d %d;", (int) leg, music != NULL);
}

void cg_bridge_leg_set_ringing(cg_bridge *bridge, cg_leg_id leg, bool ringing)
{
    if (ringing)
        g_string_append_printf(cg_fake.calls, "rings %d;", (int) leg);
}

void cg_bridge_leg_send_digits(cg_bridge *bridge, cg_leg_id leg, const char *digits)
{
    g_string_append_printf(cg_fake.calls, "digits %d %s;", (int) leg, digits);
}

void cg_bridge_leg_close(cg_bridge *bridge, cg_leg_id leg)
{
    g_string_append_printf(cg_fake.calls, "close %d;", (int) leg);
}

const char *cg_leg_end_name(cg_leg_end end)
{
    return "test";
}
