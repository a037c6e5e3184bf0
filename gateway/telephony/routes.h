/* Which trunk carries a number, and whom a number that comes in over a trunk is for. Read once from the configuration;
 * a snapshot is immutable, and lives as long as any call that was placed with it. No I/O. */
#pragma once

#include "base/ip_range.h"
#include "base/media.h"
#include "base/sid.h"
#include "gateway/telephony/media_policy.h"
#include "signaling/sdp/sdp.h"
#include "signaling/sip/sip.h"

#include <glib.h>
#include <stdbool.h>

#define CG_NUMBER_MAX 32 /* digits of a number, its + included */

/* Forms of keys in calls over a trunk. Keys that come in INFO requests are taken from any. */
typedef enum {
    CG_TRUNK_DTMF_AUTO,   /* RFC 4733 events where the phone has them, else tones */
    CG_TRUNK_DTMF_RTP,    /* events, or none */
    CG_TRUNK_DTMF_INFO,   /* INFO requests: events are not negotiated, tones neither listened for nor made */
    CG_TRUNK_DTMF_INBAND, /* tones: events are not negotiated */
    CG_TRUNK_DTMF_COUNT
} cg_trunk_dtmf;

/* Whom the phones behind a trunk may have the other party of their call connected to. */
typedef enum {
    CG_TRANSFERS_OFF,     /* nobody */
    CG_TRANSFERS_CLIENTS, /* clients that have a number, as if the trunk called that; another call of their own */
    CG_TRANSFERS_ANY,     /* whom the account's trunks may call, too */
    CG_TRANSFERS_COUNT
} cg_transfers;

typedef struct {
    char *name;
    cg_sid account;
    cg_sid application;                    /* of incoming calls; may be unset */
    char **hosts;                          /* as for cg_sip_invite; at most CG_SIP_MAX_HOSTS */
    unsigned priorities[CG_SIP_MAX_HOSTS]; /* the lower ones are tried first */
    unsigned weights[CG_SIP_MAX_HOSTS];    /* shares of hosts of one priority; 1 to 65535 */
    unsigned keepalive_s;                  /* between two OPTIONS to each host; 0: none */
    char **prefixes;                       /* of numbers that go here; "" is every number */
    char **allowed;                        /* a number must begin with one of them; none: any may be called */
    char *user, *password;                 /* for digest; NULL */
    bool registers;                        /* as that user, ... */
    unsigned register_expires_s;           /* ... for so long at a time, */
    unsigned register_retry_s;             /* ... after a failure again in so long */
    char *domain;                          /* of our address there; NULL: its host */
    char *inbound_user, *inbound_password; /* by which its calls prove themselves, wherever they come from; NULL */
    char **headers;                        /* of its calls: parameters whose names match, "X-A" or "X-*" */
    char *caller_id;                       /* who calls, as the trunk is told; NULL: the caller's identity */
    char **caller_ids;                     /* what calls may ask for in its place, as for cg_caller_id_is_pattern() */
    bool asserts_identity;                 /* the trunk is trusted to know who calls, withheld or not (RFC 3325) */
    char *add;                             /* put before the number, after ... */
    unsigned strip;                        /* ... this many of its characters were taken off */
    cg_codec codecs[CG_CODEC_COUNT + 1];   /* in order of preference; ended by CG_CODEC_COUNT */
    cg_srtp_policy srtp;
    cg_media_policy media; /* where its phones may want their media */
    int media_family;      /* AF_INET or AF_INET6, of media to its hosts; AF_UNSPEC: they are names */
    cg_trunk_dtmf dtmf;    /* how its keys come and go */
    cg_transfers transfers;
    unsigned progress_timeout_s; /* a host that has said no more than 100 gives way after so long; 0: never */
    unsigned session_expires_s;  /* the session timer that its calls ask for (RFC 4028); 0: none */
    unsigned max_calls;          /* at a time, both ways; 0: no limit */
    unsigned max_calls_per_s;    /* new ones, both ways; 0: no limit */
    cg_ip_range *sources;        /* where its requests come from */
    size_t source_count;
    char *inbound; /* for whom calls to numbers not listed are: "client:alice"; NULL: 404 */
} cg_trunk;

typedef struct {
    char *digits; /* "+15551234567" */
    cg_sid account;
    char *to; /* "client:alice" */
} cg_number;

typedef struct {
    GPtrArray *trunks;  /* (owned cg_trunk) in the order of the file */
    GPtrArray *numbers; /* (owned cg_number) */
    unsigned references;
} cg_routes;

cg_routes *cg_routes_new(void);
cg_routes *cg_routes_ref(cg_routes *routes);
void cg_routes_unref(cg_routes *routes);
void cg_trunk_free(cg_trunk *trunk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cg_trunk, cg_trunk_free)

/* A number as people write it ("+1 (555) 123-4567") without what they put between the digits. False if it is none. */
bool cg_number_normalize(const char *text, char ret_number[static CG_NUMBER_MAX + 1]);

typedef enum {
    CG_ROUTE_OK,
    CG_ROUTE_NONE,      /* nowhere to go */
    CG_ROUTE_FORBIDDEN, /* the trunk may not be used for that number */
} cg_route_result;

/* The trunk of the account with the longest prefix of a normalized number; the first of the file among equals. */
cg_route_result cg_routes_find_number(const cg_routes *routes, const cg_sid *account, const char *number,
                                      const cg_trunk **ret_trunk);

/* The trunk of the account with that host (with or without a port), to call `user` there. There is no way to hosts that
 * no trunk names: a gateway is no open relay. */
cg_route_result cg_routes_find_host(const cg_routes *routes, const cg_sid *account, const char *user, const char *host,
                                    const cg_trunk **ret_trunk);

/* Whether a trunk has a host with ;transport=tls; whether one registers. */
bool cg_routes_need_tls(const cg_routes *routes);
bool cg_routes_register(const cg_routes *routes);

/* What the trunk is told to call; free with g_free. NULL: `strip` takes more than there is, or all. */
char *cg_trunk_dialled(const cg_trunk *trunk, const char *number);

/* For whom a listed number of the account is ("client:alice"); NULL: it is not listed. */
const char *cg_routes_find_listed(const cg_routes *routes, const cg_sid *account, const char *called);

/* May phones of `trunk` lay hands on a call of `of`? */
bool cg_trunk_may_transfer(const cg_trunk *trunk, const cg_trunk *of);

typedef struct {
    const struct sockaddr_storage *source;
    const char *user;       /* the `inbound_user` that it has proved to be; NULL: its address tells the trunk */
    const char *called;     /* user of the Request-URI */
    const char *addressed;  /* user of To: the number, where a registrar calls us by the name that we registered */
    GHashTable *registrars; /* name of a trunk -> cg_ip_range, of those that hold a registration */
} cg_incoming;

typedef struct {
    const cg_trunk *trunk; /* of that source; NULL: none */
    const char *called;    /* the number */
    const char *to;        /* whom it is for; NULL: nobody */
} cg_incoming_route;

/* The trunk of a caller who may lay hands on a call of `of`: the same one, or one of the account that may have
 * everybody transferred. NULL: there is none. */
const cg_trunk *cg_routes_find_transferring(const cg_routes *routes, const cg_incoming *incoming, const cg_trunk *of);

/* For whom a call is. NONE: of no trunk, or to a number of nobody. */
cg_route_result cg_routes_find_incoming(const cg_routes *routes, const cg_incoming *incoming,
                                        cg_incoming_route *ret_route);
