/* ICE-lite on libnice's STUN functions. The thing to know: nothing is answered unless its MESSAGE-INTEGRITY holds, so
 * that the media port reflects nothing for strangers (RFC 8489 section 9.1.3 would answer 400 and 401).
 *
 * A StunAgent only keeps state for requests it sent. We send none, so one on the stack serves for one message;
 * initialising its 12.8 KB takes 70 ns. libnice's HMAC allocates for a moment inside GnuTLS: checks come every few
 * seconds per leg, not per packet. */
#include "bridge/ice/ice_lite.h"

#include <string.h>
#include <stun/stunagent.h>

/* RFC 8489 section 6.1: a request fits the path MTU; browsers' checks have about 110 bytes. */
#define STUN_MAX_REQUEST 1280
#define STUN_COOKIE_OFFSET 4

/* Comprehension-required attributes that may stand in a connectivity check; any other gets 420. */
static const uint16_t known_attributes[] = {STUN_ATTRIBUTE_USERNAME, STUN_ATTRIBUTE_MESSAGE_INTEGRITY,
                                            STUN_ATTRIBUTE_PRIORITY, STUN_ATTRIBUTE_USE_CANDIDATE, 0};

typedef struct {
    const char *ours, *theirs;
    size_t ours_size, theirs_size;
} stun_username;

typedef struct {
    const cg_ice_lite *ice;
    const cg_ice_credentials *matched; /* whose ufrag the request named */
} stun_lookup;

bool cg_stun_is_message(const uint8_t *data, size_t size)
{
    static const uint8_t cookie[] = {0x21, 0x12, 0xa4, 0x42};
    return size >= STUN_MESSAGE_HEADER_LENGTH && data[0] <= 3 &&
           memcmp(data + STUN_COOKIE_OFFSET, cookie, sizeof cookie) == 0;
}

static void agent_init(StunAgent *agent)
{
    stun_agent_init(agent, known_attributes, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
}

/* Frames a Binding request and makes the checks libnice leaves out: it compares 20 bytes of MESSAGE-INTEGRITY
 * whatever length the attribute claims, which can lie behind the end of the datagram. */
static bool parse_request(StunAgent *agent, StunMessage *message, const uint8_t *data, size_t size)
{
    uint16_t integrity_size;
    if (size > STUN_MAX_REQUEST || !cg_stun_is_message(data, size) ||
        stun_message_validate_buffer_length(data, size, true) != (int) size)
        return false;
    *message = (StunMessage){.agent = agent, .buffer = (uint8_t *) data, .buffer_len = size};
    return stun_message_get_class(message) == STUN_REQUEST && stun_message_get_method(message) == STUN_BINDING &&
           stun_message_find(message, STUN_ATTRIBUTE_MESSAGE_INTEGRITY, &integrity_size) && integrity_size == 20;
}

/* RFC 8445 section 7.3: the receiver's ufrag, a colon, the sender's; ufrags hold no colon. */
static bool split_username(const char *text, size_t size, stun_username *ret_name)
{
    const char *colon = memchr(text, ':', size);
    if (!colon || colon == text)
        return false;
    *ret_name = (stun_username){.ours = text, .ours_size = (size_t) (colon - text), .theirs = colon + 1};
    ret_name->theirs_size = size - ret_name->ours_size - 1;
    return true;
}

static bool same_text(const char *expected, const char *text, size_t size)
{
    return strlen(expected) == size && memcmp(expected, text, size) == 0;
}

bool cg_stun_peek_ufrag(const uint8_t *data, size_t size, char ret_ufrag[static CG_ICE_UFRAG_MAX + 1])
{
    StunAgent agent;
    StunMessage message;
    uint16_t text_size;
    stun_username name;
    agent_init(&agent);
    if (!parse_request(&agent, &message, data, size))
        return false;
    const char *text = stun_message_find(&message, STUN_ATTRIBUTE_USERNAME, &text_size);
    if (!text || !split_username(text, text_size, &name) || name.ours_size > CG_ICE_UFRAG_MAX ||
        memchr(name.ours, '\0', name.ours_size))
        return false;
    memcpy(ret_ufrag, name.ours, name.ours_size);
    ret_ufrag[name.ours_size] = '\0';
    return true;
}

void cg_ice_lite_init(cg_ice_lite *ice, const cg_ice_credentials *local)
{
    *ice = (cg_ice_lite){.local = *local};
}

void cg_ice_lite_restart(cg_ice_lite *ice, const cg_ice_credentials *local)
{
    /* In a restart that overtakes an unfinished one the pair in use still has the credentials kept then. */
    if (ice->nominated || !ice->previous.ufrag[0]) {
        ice->previous = ice->local;
        memcpy(ice->previous_remote_ufrag, ice->remote_ufrag, sizeof ice->remote_ufrag);
    }
    ice->local = *local;
    ice->nominated = false;
    ice->remote_ufrag[0] = '\0';
}

void cg_ice_lite_set_remote(cg_ice_lite *ice, const char *remote_ufrag)
{
    size_t size = strnlen(remote_ufrag, CG_ICE_UFRAG_MAX);
    memcpy(ice->remote_ufrag, remote_ufrag, size);
    ice->remote_ufrag[size] = '\0';
}

static const cg_ice_credentials *find_credentials(const cg_ice_lite *ice, const stun_username *name)
{
    const cg_ice_credentials *found = NULL;
    const char *theirs = NULL;
    if (same_text(ice->local.ufrag, name->ours, name->ours_size)) {
        found = &ice->local;
        theirs = ice->remote_ufrag;
    } else if (ice->previous.ufrag[0] && same_text(ice->previous.ufrag, name->ours, name->ours_size)) {
        found = &ice->previous;
        theirs = ice->previous_remote_ufrag;
    }
    if (!found || (theirs[0] && !same_text(theirs, name->theirs, name->theirs_size)))
        return NULL;
    return found;
}

/* libnice's StunMessageIntegrityValidate: names the password that goes with the user name. */
static bool validate(StunAgent *agent, StunMessage *message, uint8_t *username, uint16_t username_size,
                     uint8_t **password, size_t *password_size, void *user)
{
    stun_lookup *lookup = user;
    stun_username name;
    if (!username || !split_username((const char *) username, username_size, &name))
        return false;
    lookup->matched = find_credentials(lookup->ice, &name);
    /* libnice skips the integrity check altogether when the password is empty. */
    if (!lookup->matched || !lookup->matched->pwd[0])
        return false;
    *password = (uint8_t *) lookup->matched->pwd;
    *password_size = strlen(lookup->matched->pwd);
    return true;
}

/* A dual-stack socket sees IPv4 peers as ::ffff:a.b.c.d; the peer must see the address it sent from. */
static socklen_t mapped_address(const struct sockaddr_storage *from, struct sockaddr_storage *ret_address)
{
    *ret_address = *from;
    if (from->ss_family != AF_INET6)
        return sizeof(struct sockaddr_in);
    const struct sockaddr_in6 *from6 = (const struct sockaddr_in6 *) from;
    if (!IN6_IS_ADDR_V4MAPPED(&from6->sin6_addr))
        return sizeof(struct sockaddr_in6);
    struct sockaddr_in *address4 = (struct sockaddr_in *) ret_address;
    *address4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = from6->sin6_port};
    memcpy(&address4->sin_addr, &from6->sin6_addr.s6_addr[12], sizeof address4->sin_addr);
    return sizeof(struct sockaddr_in);
}

/* Not stun_usage_ice_conncheck_create_reply: it repeats USERNAME, which RFC 8489 section 9.1.3.2 forbids, and gives
 * way in some role conflicts. */
static size_t write_success(StunAgent *agent, const StunMessage *request, const struct sockaddr_storage *from,
                            uint8_t reply[static CG_STUN_MAX_REPLY])
{
    StunMessage message;
    struct sockaddr_storage address;
    socklen_t address_size = mapped_address(from, &address);
    if (!stun_agent_init_response(agent, &message, reply, CG_STUN_MAX_REPLY, request) ||
        stun_message_append_xor_addr(&message, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &address, address_size) !=
            STUN_MESSAGE_RETURN_SUCCESS)
        return 0;
    return stun_agent_finish_message(agent, &message, NULL, 0);
}

static size_t write_role_conflict(StunAgent *agent, const StunMessage *request, uint8_t reply[static CG_STUN_MAX_REPLY])
{
    StunMessage message;
    if (!stun_agent_init_error(agent, &message, reply, CG_STUN_MAX_REPLY, request, STUN_ERROR_ROLE_CONFLICT))
        return 0;
    return stun_agent_finish_message(agent, &message, NULL, 0);
}

static cg_ice_result accept_check(cg_ice_lite *ice, const StunMessage *request, const cg_ice_credentials *used)
{
    if (!stun_message_has_attribute(request, STUN_ATTRIBUTE_USE_CANDIDATE))
        return CG_ICE_CHECKED;
    if (used == &ice->local) {
        ice->nominated = true;
        ice->previous = (cg_ice_credentials){0};
    }
    return CG_ICE_NOMINATED;
}

cg_ice_result cg_ice_lite_receive(cg_ice_lite *ice, const uint8_t *data, size_t size,
                                  const struct sockaddr_storage *from, uint8_t ret_reply[static CG_STUN_MAX_REPLY],
                                  size_t *ret_reply_size)
{
    StunAgent agent;
    StunMessage request, error;
    stun_lookup lookup = {.ice = ice};
    *ret_reply_size = 0;
    agent_init(&agent);
    if (!parse_request(&agent, &request, data, size))
        return CG_ICE_REJECTED;
    StunValidationStatus status = stun_agent_validate(&agent, &request, data, size, validate, &lookup);
    if (status == STUN_VALIDATION_UNKNOWN_REQUEST_ATTRIBUTE)
        *ret_reply_size =
            stun_agent_build_unknown_attributes_error(&agent, &error, ret_reply, CG_STUN_MAX_REPLY, &request);
    if (status != STUN_VALIDATION_SUCCESS)
        return CG_ICE_REJECTED;
    /* RFC 8445 section 6.1.1: facing a lite agent the peer must control. Switching our role as section 7.3.1.1 has
     * it for full agents would leave nobody to nominate, so the peer is always told to switch its own. */
    if (stun_message_has_attribute(&request, STUN_ATTRIBUTE_ICE_CONTROLLED)) {
        *ret_reply_size = write_role_conflict(&agent, &request, ret_reply);
        return CG_ICE_REJECTED;
    }
    *ret_reply_size = write_success(&agent, &request, from, ret_reply);
    return accept_check(ice, &request, lookup.matched);
}
