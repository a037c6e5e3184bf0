/* rtpengine without its kernel module, which is no part of the comparison: it forwards in user space, as the gateway
 * does. Its threads are as many as there are cores, warnings only; all else is as by default. */
#include "tests/bench/child_process.h"
#include "tests/bench/rtpengine_client.h"
#include "tests/bench/target.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 2223, PING_US = 50000, PINGS = 200 };

typedef struct {
    const target_world *world;
    child_process *process;
    rtpengine_client *client;
} rtpengine_state;

static void start_process(rtpengine_state *state)
{
    const char *address = state->world->address;
    g_autofree char *text = g_strdup_printf("[rtpengine]\ntable = -1\ninterface = %s\nlisten-ng = %s:%d\n"
                                            "foreground = true\nlog-stderr = true\nlog-level = 4\nnum-threads = %u\n"
                                            "port-min = 20000\nport-max = 60000\n",
                                            address, address, PORT, g_get_num_processors());
    const char *path = child_process_write(state->process, "rtpengine.conf", text);
    child_process_start(state->process, (const char *[]){"rtpengine", "--config-file", path, NULL}, false);
}

static void wait_until_ready(rtpengine_state *state)
{
    for (unsigned i = 0; i < PINGS; i++)
        if (rtpengine_client_ping(state->client, PING_US))
            return;
    child_process_fail(state->process, "does not answer");
}

static void *start(const target_world *world)
{
    rtpengine_state *state = g_new0(rtpengine_state, 1);
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    g_assert(inet_pton(AF_INET, world->address, &server.sin_addr) == 1);
    state->world = world;
    state->process = child_process_new("rtpengine", world->netns);
    state->client = rtpengine_client_new(world->loop, &server);
    start_process(state);
    wait_until_ready(state);
    return state;
}

static void read_sdp(load_client *end, const char *sdp)
{
    if (!webrtc_peer_read_sdp(load_client_peer(end), sdp))
        bench_fail("rtpengine's description is unusable:\n%s", sdp);
}

static char *answer_of_webrtc(load_client *end, const char *offer)
{
    read_sdp(end, offer);
    return webrtc_peer_write_sdp(load_client_peer(end), WEBRTC_PEER_ANSWER);
}

/* Sends to where the offer says, and says where it is itself. */
static char *answer_of_plain(load_client *end, const char *offer, rtpengine_media media)
{
    char text[INET_ADDRSTRLEN];
    struct sockaddr_in to = {.sin_family = AF_INET}, own = load_client_address(end);
    const char *connection = strstr(offer, "c=IN IP4 "), *line = strstr(offer, "m=audio ");
    if (connection == NULL || line == NULL || sscanf(connection + strlen("c=IN IP4 "), "%15[0-9.]", text) != 1 ||
        inet_pton(AF_INET, text, &to.sin_addr) != 1)
        bench_fail("rtpengine's description is unusable:\n%s", offer);
    to.sin_port = htons((uint16_t) strtoul(line + strlen("m=audio "), NULL, 10));
    load_client_send_to(end, &to);
    inet_ntop(AF_INET, &own.sin_addr, text, sizeof text);
    const char *format = media == RTPENGINE_PCMU ? "0\r\na=rtpmap:0 PCMU/8000" : "111\r\na=rtpmap:111 opus/48000/2";
    return g_strdup_printf("v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %u RTP/AVP %s\r\n"
                           "a=sendrecv\r\n",
                           text, text, ntohs(own.sin_port), format);
}

static void make_call(rtpengine_state *state, unsigned number, load_client *ends[static 2], rtpengine_media media)
{
    g_autofree char *call_id = g_strdup_printf("bench-%u", number);
    g_autofree char *offer = webrtc_peer_write_sdp(load_client_peer(ends[0]), WEBRTC_PEER_OFFER);
    rtpengine_request request = {.call_id = call_id, .from_tag = "a", .sdp = offer, .media = media};
    g_autofree char *offered = rtpengine_client_describe(state->client, &request);
    g_autofree char *answer =
        media == RTPENGINE_WEBRTC ? answer_of_webrtc(ends[1], offered) : answer_of_plain(ends[1], offered, media);
    request = (rtpengine_request){.call_id = call_id, .from_tag = "a", .to_tag = "b", .sdp = answer};
    g_autofree char *answered = rtpengine_client_describe(state->client, &request);
    read_sdp(ends[0], answered);
}

static void call(void *user, unsigned number, load_client *ret_ends[static 2])
{
    rtpengine_state *state = user;
    for (unsigned side = 0; side < 2; side++)
        ret_ends[side] = load_add_webrtc(state->world->load, state->world->identity);
    make_call(state, number, ret_ends, RTPENGINE_WEBRTC);
}

static void add_mixed_ends(rtpengine_state *state, load_client *ret_ends[static 2])
{
    ret_ends[0] = load_add_webrtc(state->world->load, state->world->identity);
    ret_ends[1] = load_add_rtp(state->world->load, NULL, NULL);
}

static void call_plain(void *user, unsigned number, load_client *ret_ends[static 2])
{
    rtpengine_state *state = user;
    add_mixed_ends(state, ret_ends);
    make_call(state, number, ret_ends, RTPENGINE_PLAIN);
}

static void call_translated(void *user, unsigned number, load_client *ret_ends[static 2])
{
    rtpengine_state *state = user;
    add_mixed_ends(state, ret_ends);
    load_client_speak(ret_ends[0], state->world->opus, 0);
    load_client_speak(ret_ends[1], state->world->pcmu, 0);
    make_call(state, number, ret_ends, RTPENGINE_PCMU);
}

static pid_t pid(const void *user)
{
    return child_process_pid(((const rtpengine_state *) user)->process);
}

static void stop(void *user)
{
    rtpengine_state *state = user;
    rtpengine_client_free(state->client);
    child_process_free(state->process);
    g_free(state);
}

const target target_rtpengine = {.key = "rtpengine",
                                 .label = "rtpengine",
                                 .kind = TARGET_PEER,
                                 .start = start,
                                 .call = call,
                                 .pid = pid,
                                 .stop = stop};
const target target_rtpengine_plain = {.key = "rtpengine_plain",
                                       .label = "rtpengine, WebRTC to plain RTP",
                                       .kind = TARGET_PEER,
                                       .start = start,
                                       .call = call_plain,
                                       .pid = pid,
                                       .stop = stop};
const target target_rtpengine_translating = {.key = "rtpengine_translating",
                                             .label = "rtpengine, Opus to PCMU",
                                             .kind = TARGET_PEER,
                                             .start = start,
                                             .call = call_translated,
                                             .pid = pid,
                                             .stop = stop};
