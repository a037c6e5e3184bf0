/* A scenario for every call, a line of a table for each. */
#include "tests/bench/sipp_caller.h"

#include "tests/bench/child_process.h"
#include "tests/bench/load_socket.h"

#include <arpa/inet.h>

struct sipp_caller {
    child_process *process;
    char *address, *server, *count, *rate;
    const char *scenario, *calls; /* files of the process's */
    bool started;
};

/* [field0]: the number, [field1] and [field2]: address and port of media. */
static const char invite[] = "INVITE sip:+[field0]@[remote_ip]:[remote_port] SIP/2.0\n"
                             "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n"
                             "From: <sip:+15559999@[local_ip]:[local_port]>;tag=[call_number]\n"
                             "To: <sip:+[field0]@[remote_ip]:[remote_port]>\n"
                             "Call-ID: [call_id]\nCSeq: 1 INVITE\n"
                             "Contact: <sip:bench@[local_ip]:[local_port]>\nMax-Forwards: 70\n"
                             "Content-Type: application/sdp\nContent-Length: [len]\n\n"
                             "v=0\no=- 1 1 IN IP4 [field1]\ns=-\nc=IN IP4 [field1]\nt=0 0\n"
                             "m=audio [field2] RTP/AVP %s\na=rtcp-mux\na=sendrecv\n";

static const char ack[] = "ACK [next_url] SIP/2.0\n"
                          "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n"
                          "From: <sip:+15559999@[local_ip]:[local_port]>;tag=[call_number]\n"
                          "To: <sip:+[field0]@[remote_ip]:[remote_port]>[peer_tag_param]\n"
                          "Call-ID: [call_id]\nCSeq: 1 ACK\nMax-Forwards: 70\nContent-Length: 0\n";

static const char bye_answer[] =
    "SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n"
    "Content-Length: 0\n";

static char *scenario(const char *format)
{
    g_autofree char *first = g_strdup_printf(invite, format);
    return g_strdup_printf("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<scenario name=\"bench\">\n"
                           "<send retrans=\"500\"><![CDATA[\n%s\n]]></send>\n"
                           "<recv response=\"100\" optional=\"true\"/><recv response=\"180\" optional=\"true\"/>\n"
                           "<recv response=\"200\" rrs=\"true\"/>\n<send><![CDATA[\n%s\n]]></send>\n"
                           "<recv request=\"BYE\"/>\n<send><![CDATA[\n%s\n]]></send>\n</scenario>\n",
                           first, ack, bye_answer);
}

static char *calls(const sipp_caller_options *options)
{
    GString *text = g_string_new("SEQUENTIAL\n");
    for (unsigned i = 0; i < options->calls; i++) {
        char address[INET_ADDRSTRLEN];
        struct sockaddr_in media = load_socket_address(load_get_socket(options->load), 2 * i + 1);
        inet_ntop(AF_INET, &media.sin_addr, address, sizeof address);
        g_string_append_printf(text, "1555000%u;%s;%u;\n", i, address, ntohs(media.sin_port));
    }
    return g_string_free(text, FALSE);
}

sipp_caller *sipp_caller_new(const sipp_caller_options *options)
{
    sipp_caller *caller = g_new0(sipp_caller, 1);
    g_autofree char *steps = scenario(options->format), *table = calls(options);
    caller->address = g_strdup(options->address);
    caller->server = g_strdup(options->server);
    caller->count = g_strdup_printf("%u", options->calls);
    caller->rate = g_strdup_printf("%u", options->per_second);
    caller->process = child_process_new("sipp", NULL);
    caller->scenario = child_process_write(caller->process, "scenario.xml", steps);
    caller->calls = child_process_write(caller->process, "calls.csv", table);
    return caller;
}

void sipp_caller_start(sipp_caller *caller)
{
    if (caller->started)
        return;
    caller->started = true;
    const char *argv[] = {
        "sipp",          "-sf", caller->scenario, "-inf",     caller->calls,        "-i",
        caller->address, "-p",  "5070",           "-m",       caller->count,        "-l",
        caller->count,   "-r",  caller->rate,     "-nostdin", "-default_behaviors", "-bye,-abortunexp",
        caller->server,  NULL};
    child_process_start(caller->process, argv, false);
}

void sipp_caller_free(sipp_caller *caller)
{
    if (caller->started)
        child_process_wait_end(caller->process);
    child_process_free(caller->process);
    g_free(caller->address);
    g_free(caller->server);
    g_free(caller->count);
    g_free(caller->rate);
    g_free(caller);
}
