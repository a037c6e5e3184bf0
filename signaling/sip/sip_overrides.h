/* Functions of Sofia's, and of OpenSSL's that Sofia calls, that stand in front of the libraries' own: as the program
 * defines them too, the loader gives them to everybody (ELF: the first definition wins). Each does its work by the
 * original, with something before or behind it; on other threads than the SIP thread, by that alone. */
#pragma once

#include <dlfcn.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/tport.h>
#include <stddef.h>

typedef struct {
    const char *name;
    void *ours;
    const char *reason; /* what there is not, if the library has its own: the end of a sentence */
} cg_sip_override;

/* All there are. */
const cg_sip_override *cg_sip_overrides(size_t *ret_count);

/* The first that is not in front, or has nothing behind it, as when the program was linked in another way; NULL: all
 * are in their place. A Sofia that does not ask the loader for its own functions shows by the first of its sockets. */
const cg_sip_override *cg_sip_overrides_missing(const cg_sip_override *overrides, size_t count);

/* The library's own `function`, to be called. */
#define CG_SIP_ORIGINAL(function) ((__typeof__(&(function))) dlsym(RTLD_NEXT, #function))

/* In none of Sofia's headers; for both directions: what to do when the socket of a handshake is ready. */
int tls_connect(su_root_magic_t *magic, su_wait_t *wait, tport_t *transport);
