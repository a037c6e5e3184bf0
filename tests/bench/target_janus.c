/* Janus with its echo test, in which every client is a call of its own with itself, and its video call, which is a call
 * between two. Both have the same connections and packets for the same number of calls here: two clients for each.
 *
 * Its settings are the documented ones for few cores: as many event loops as there are, ICE-lite as the gateway has it,
 * nothing loaded that is not used, warnings only. Its default, a thread for each handle, costs more and answers sooner:
 * the video call is there in both ways. */
#include "tests/bench/child_process.h"
#include "tests/bench/janus_client.h"
#include "tests/bench/target.h"

#include <arpa/inet.h>

enum { PORT = 8188 };

static const char main_configuration[] =
    "general: {\n  configs_folder = \"%s\"\n  debug_level = 3\n  debug_colors = false\n  session_timeout = 0\n"
    "%s  interface = \"%s\"\n}\n"
    "nat: {\n  nice_debug = false\n  ice_lite = true\n  ignore_mdns = true\n  ice_enforce_list = \"%s\"\n}\n"
    "plugins: {\n  disable = \"libjanus_audiobridge.so,libjanus_duktape.so,libjanus_lua.so,libjanus_nosip.so,"
    "libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videoroom.so,"
    "libjanus_voicemail.so\"\n}\n"
    "transports: {\n  disable = \"libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,"
    "libjanus_rabbitmq.so\"\n}\n"
    "loggers: {\n  disable = \"libjanus_jsonlog.so\"\n}\n";

static const char websocket_configuration[] =
    "general: {\n  json = \"compact\"\n  ws = true\n  ws_port = %d\n  ws_ip = \"%s\"\n  wss = false\n}\n"
    "admin: {\n  admin_ws = false\n}\n";

typedef struct {
    const target_world *world;
    child_process *process;
    GPtrArray *clients; /* of janus_client; two for each call */
} janus_state;

static void start_process(janus_state *state, unsigned event_loops)
{
    g_autofree char *loops = event_loops > 0 ? g_strdup_printf("  event_loops = %u\n", event_loops) : g_strdup("");
    const char *address = state->world->address;
    const char *directory = child_process_directory(state->process);
    g_autofree char *text = g_strdup_printf(main_configuration, directory, loops, address, address);
    g_autofree char *websockets = g_strdup_printf(websocket_configuration, PORT, address);
    const char *path = child_process_write(state->process, "janus.jcfg", text);
    child_process_write(state->process, "janus.transport.websockets.jcfg", websockets);
    child_process_start(state->process, (const char *[]){"janus", "-C", path, "-F", directory, NULL}, false);
}

/* `event_loops` 0: a thread for each handle. */
static void *start(const target_world *world, const char *plugin, unsigned event_loops)
{
    janus_state *state = g_new0(janus_state, 1);
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    g_assert(inet_pton(AF_INET, world->address, &server.sin_addr) == 1);
    state->world = world;
    state->process = child_process_new("Janus", world->netns);
    state->clients = g_ptr_array_new_with_free_func((GDestroyNotify) janus_client_free);
    start_process(state, event_loops);
    child_process_wait_listening(state->process, &server);
    for (unsigned i = 0; i < 2 * world->calls; i++) {
        g_autofree char *name = g_strdup_printf("bench-%u", i);
        g_ptr_array_add(state->clients, janus_client_new(world->loop, &server, plugin, name));
    }
    return state;
}

static void *start_echo(const target_world *world)
{
    return start(world, "janus.plugin.echotest", g_get_num_processors());
}

static void *start_registered(const target_world *world, unsigned event_loops)
{
    janus_state *state = start(world, "janus.plugin.videocall", event_loops);
    for (guint i = 0; i < state->clients->len; i++)
        janus_client_register(state->clients->pdata[i]);
    return state;
}

static void *start_call(const target_world *world)
{
    return start_registered(world, g_get_num_processors());
}

static void *start_threads(const target_world *world)
{
    return start_registered(world, 0);
}

static void add_ends(const janus_state *state, load_client *ret_ends[static 2], webrtc_peer *ret_peers[static 2])
{
    for (unsigned side = 0; side < 2; side++) {
        ret_ends[side] = load_add_webrtc(state->world->load, state->world->identity);
        ret_peers[side] = load_client_peer(ret_ends[side]);
    }
}

static void echo(void *user, unsigned number, load_client *ret_ends[static 2])
{
    janus_state *state = user;
    webrtc_peer *peers[2];
    add_ends(state, ret_ends, peers);
    for (unsigned side = 0; side < 2; side++)
        janus_client_echo(state->clients->pdata[2 * number + side], peers[side]);
}

static void call(void *user, unsigned number, load_client *ret_ends[static 2])
{
    janus_state *state = user;
    webrtc_peer *peers[2];
    add_ends(state, ret_ends, peers);
    janus_client_call(state->clients->pdata[2 * number], state->clients->pdata[2 * number + 1], peers);
}

static pid_t pid(const void *user)
{
    return child_process_pid(((const janus_state *) user)->process);
}

static void stop(void *user)
{
    janus_state *state = user;
    g_ptr_array_unref(state->clients);
    child_process_free(state->process);
    g_free(state);
}

const target target_janus_echo = {.key = "janus_echo",
                                  .label = "Janus, echo test",
                                  .kind = TARGET_PEER,
                                  .start = start_echo,
                                  .call = echo,
                                  .pid = pid,
                                  .stop = stop};
const target target_janus_call = {.key = "janus_call",
                                  .label = "Janus, video call, event loops",
                                  .kind = TARGET_PEER,
                                  .start = start_call,
                                  .call = call,
                                  .pid = pid,
                                  .stop = stop};
const target target_janus_threads = {.key = "janus_threads",
                                     .label = "Janus, video call, threads",
                                     .kind = TARGET_PEER,
                                     .start = start_threads,
                                     .call = call,
                                     .pid = pid,
                                     .stop = stop};
