/* Taking out of SIP messages what is told on, and writing what goes into ours. */
#pragma once

#include "signaling/sip/sip.h"
#include "signaling/sip/sip_digest.h"

#include <netinet/in.h>
#include <sofia-sip/sip.h>

struct nua_s;

/* The event of an incoming INVITE; its strings are new. */
cg_sip_event cg_sip_read_invite(const sip_t *message);
bool cg_sip_read_source(struct nua_s *nua, struct sockaddr_storage *ret_address); /* of the request that is told of */
bool cg_sip_read_address(msg_t *message, struct sockaddr_storage *ret_address);   /* where it came from */
/* What a request shows for that realm, allocated from `home`; false: nothing. */
bool cg_sip_read_credentials(su_home_t *home, const sip_t *request, const char *realm, cg_sip_credentials *ret);
/* For how many seconds whoever refuses something does not want to be asked again (RFC 3261 section 20.33); 0: it does
 * not say. `response` may be NULL. */
unsigned cg_sip_read_retry_after(const sip_t *response);
/* The event of a REFER; its strings are new. False: it names nothing that may be called. */
bool cg_sip_read_refer(const sip_t *message, cg_sip_event *ret_event);
/* Its Refer-To's Replaces; of `home`; NULL: none. False: it is not well-formed. */
bool cg_sip_read_refer_replaces(su_home_t *home, const sip_t *message, sip_replaces_t **ret_replaces);
/* NULL: there is none. False: there is more than one, or it is not well-formed. */
bool cg_sip_read_replaces(const sip_t *message, const sip_replaces_t **ret_replaces);

char *cg_sip_write_host(const char *host); /* an IPv6 address has brackets in URIs and headers; g_free */
/* For an INVITE of ours; g_free. */
char *cg_sip_write_uri(const char *user, const char *host);
char *cg_sip_write_headers(const cg_sip_invite *invite, const char *from_host); /* a line for each; NULL: none */
char *cg_sip_write_from(const char *user, const char *host);
char *cg_sip_write_warning(cg_sip_warning warning, const char *host); /* NULL: none; in a response */
/* Of the challenge that a 401 or 407 is; "realm" in its quotes. NULL: it has none for Digest. */
const char *cg_sip_read_realm(const sip_t *challenge);
/* With the password in it: cg_secret_free. */
char *cg_sip_write_credentials(const char *realm, const char *user, const char *password);
