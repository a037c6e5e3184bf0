/* Who hears which music, if any. */
#include "gateway/call/hold_music.h"

#include "gateway/call/calls.h"

static cg_music *music_of(const cg_hold_music *music, const cg_sid *account)
{
    const cg_account *found = music->directory != NULL ? cg_directory_find_account(music->directory, account) : NULL;
    const char *path = found != NULL && found->hold_music != NULL ? found->hold_music : music->default_path;
    return path != NULL ? g_hash_table_lookup(music->files, path) : NULL;
}

/* Who holds with `sendonly` sends something of its own (RFC 3264 section 8.4). From 0.0.0.0 nothing comes. */
static bool is_heard(const cg_call_leg *holder)
{
    return !holder->hold_asked && holder->remote.direction == CG_DIRECTION_SENDONLY &&
           !cg_rtp_address_is_nowhere(&holder->remote.rtp);
}

void cg_hold_music_update(cg_call_leg *leg, const cg_call_leg *holder)
{
    cg_calls *calls = leg->call->calls;
    cg_music *wanted = NULL;
    if (calls->music != NULL && holder->on_hold && !is_heard(holder))
        wanted = music_of(calls->music, &leg->call->account);
    if (wanted == leg->hears || leg->media == 0)
        return;
    leg->hears = wanted;
    cg_bridge_leg_play(calls->bridge, leg->media, wanted);
}
