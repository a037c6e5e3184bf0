/* Routing by prefixes, hosts and source addresses. */
#include "gateway/telephony/routes.h"

#include "base/secret.h"
#include "signaling/sip/sip_peer.h"

#include <string.h>

static void free_number(void *data)
{
    cg_number *number = data;
    g_free(number->digits);
    g_free(number->to);
    g_free(number);
}

void cg_trunk_free(cg_trunk *trunk)
{
    if (trunk == NULL)
        return;
    g_strfreev(trunk->hosts);
    g_strfreev(trunk->prefixes);
    g_strfreev(trunk->allowed);
    g_strfreev(trunk->headers);
    g_strfreev(trunk->caller_ids);
    g_free(trunk->name);
    g_free(trunk->user);
    g_free(trunk->domain);
    cg_secret_free(trunk->password);
    g_free(trunk->inbound_user);
    cg_secret_free(trunk->inbound_password);
    g_free(trunk->caller_id);
    g_free(trunk->add);
    g_free(trunk->sources);
    cg_media_policy_clear(&trunk->media);
    g_free(trunk->inbound);
    g_free(trunk);
}

cg_routes *cg_routes_new(void)
{
    cg_routes *routes = g_new0(cg_routes, 1);
    routes->trunks = g_ptr_array_new_with_free_func((GDestroyNotify) cg_trunk_free);
    routes->numbers = g_ptr_array_new_with_free_func(free_number);
    routes->references = 1;
    return routes;
}

cg_routes *cg_routes_ref(cg_routes *routes)
{
    routes->references++;
    return routes;
}

void cg_routes_unref(cg_routes *routes)
{
    if (routes == NULL || --routes->references > 0)
        return;
    g_ptr_array_unref(routes->trunks);
    g_ptr_array_unref(routes->numbers);
    g_free(routes);
}

bool cg_number_normalize(const char *text, char ret_number[static CG_NUMBER_MAX + 1])
{
    char number[CG_NUMBER_MAX + 1];
    size_t length = 0;
    for (; *text != '\0'; text++) {
        bool digit = g_ascii_isdigit(*text) || (*text == '+' && length == 0);
        if (!digit && strchr(" -.()/", *text) != NULL)
            continue;
        if (!digit || length == CG_NUMBER_MAX)
            return false;
        number[length++] = *text;
    }
    number[length] = '\0';
    if (length == 0 || strcmp(number, "+") == 0)
        return false;
    memcpy(ret_number, number, length + 1);
    return true;
}

/* Characters of the longest prefix that fits; -1: none does. */
static int longest_prefix(char *const *prefixes, const char *number)
{
    int longest = -1;
    for (; prefixes != NULL && *prefixes != NULL; prefixes++)
        if (g_str_has_prefix(number, *prefixes))
            longest = MAX(longest, (int) strlen(*prefixes));
    return longest;
}

static cg_route_result check_allowed(const cg_trunk *trunk, const char *number)
{
    bool any = trunk->allowed == NULL || trunk->allowed[0] == NULL;
    return any || longest_prefix(trunk->allowed, number) >= 0 ? CG_ROUTE_OK : CG_ROUTE_FORBIDDEN;
}

cg_route_result cg_routes_find_number(const cg_routes *routes, const cg_sid *account, const char *number,
                                      const cg_trunk **ret_trunk)
{
    const cg_trunk *best = NULL;
    int longest = -1;
    for (guint i = 0; i < routes->trunks->len; i++) {
        const cg_trunk *trunk = routes->trunks->pdata[i];
        int length = cg_sid_equal(&trunk->account, account) ? longest_prefix(trunk->prefixes, number) : -1;
        if (length <= longest)
            continue;
        longest = length;
        best = trunk;
    }
    if (best == NULL)
        return CG_ROUTE_NONE;
    *ret_trunk = best;
    return check_allowed(best, number);
}

/* "sip.example.com", "sip.example.com:5060" and "SIP.example.com;transport=tcp" name one host. */
static bool same_host(const char *a, const char *b)
{
    size_t length = cg_sip_host_length(a), other = cg_sip_host_length(b);
    return length == other && g_ascii_strncasecmp(a, b, length) == 0;
}

static bool has_host(const cg_trunk *trunk, const char *host)
{
    for (char **own = trunk->hosts; *own != NULL; own++)
        if (same_host(*own, host))
            return true;
    return false;
}

cg_route_result cg_routes_find_host(const cg_routes *routes, const cg_sid *account, const char *user, const char *host,
                                    const cg_trunk **ret_trunk)
{
    char number[CG_NUMBER_MAX + 1];
    for (guint i = 0; i < routes->trunks->len; i++) {
        const cg_trunk *trunk = routes->trunks->pdata[i];
        if (!cg_sid_equal(&trunk->account, account) || !has_host(trunk, host))
            continue;
        *ret_trunk = trunk;
        return check_allowed(trunk, cg_number_normalize(user, number) ? number : user);
    }
    return CG_ROUTE_NONE;
}

bool cg_routes_need_tls(const cg_routes *routes)
{
    for (guint i = 0; i < routes->trunks->len; i++)
        for (char **host = ((const cg_trunk *) routes->trunks->pdata[i])->hosts; *host != NULL; host++)
            if (g_str_has_suffix(*host, ";transport=tls"))
                return true;
    return false;
}

bool cg_routes_register(const cg_routes *routes)
{
    for (guint i = 0; i < routes->trunks->len; i++)
        if (((const cg_trunk *) routes->trunks->pdata[i])->registers)
            return true;
    return false;
}

char *cg_trunk_dialled(const cg_trunk *trunk, const char *number)
{
    size_t length = strlen(number);
    if (trunk->strip > length || (trunk->strip == length && trunk->add == NULL))
        return NULL;
    return g_strconcat(trunk->add != NULL ? trunk->add : "", number + trunk->strip, NULL);
}

static bool is_source_of(const cg_trunk *trunk, const cg_incoming *incoming)
{
    if (incoming->user != NULL)
        return g_strcmp0(trunk->inbound_user, incoming->user) == 0;
    const cg_ip_range *registrar =
        trunk->registers && incoming->registrars ? g_hash_table_lookup(incoming->registrars, trunk->name) : NULL;
    for (size_t i = 0; i < trunk->source_count; i++)
        if (cg_ip_range_contains(&trunk->sources[i], incoming->source))
            return true;
    return registrar != NULL && cg_ip_range_contains(registrar, incoming->source);
}

/* By name: either may be of a configuration that was replaced. */
bool cg_trunk_may_transfer(const cg_trunk *trunk, const cg_trunk *of)
{
    bool same = strcmp(trunk->name, of->name) == 0;
    return cg_sid_equal(&trunk->account, &of->account) && trunk->transfers != CG_TRANSFERS_OFF &&
           (same || trunk->transfers == CG_TRANSFERS_ANY);
}

const cg_trunk *cg_routes_find_transferring(const cg_routes *routes, const cg_incoming *incoming, const cg_trunk *of)
{
    const cg_trunk *found = NULL;
    for (guint i = 0; i < routes->trunks->len; i++) {
        const cg_trunk *trunk = routes->trunks->pdata[i];
        if (!is_source_of(trunk, incoming) || !cg_trunk_may_transfer(trunk, of))
            continue;
        if (found == NULL || strcmp(trunk->name, of->name) == 0)
            found = trunk;
    }
    return found;
}

/* Trunks write numbers with + and without. */
const char *cg_routes_find_listed(const cg_routes *routes, const cg_sid *account, const char *called)
{
    char number[CG_NUMBER_MAX + 1];
    if (!cg_number_normalize(called, number))
        return NULL;
    for (guint i = 0; i < routes->numbers->len; i++) {
        const cg_number *known = routes->numbers->pdata[i];
        bool same = strcmp(known->digits + (known->digits[0] == '+'), number + (number[0] == '+')) == 0;
        if (same && cg_sid_equal(&known->account, account))
            return known->to;
    }
    return NULL;
}

/* Several trunks may share an address: a listed number decides between them, then the name that one registered. */
static bool is_better(const cg_incoming_route *route, bool registered, const cg_incoming_route *best,
                      bool best_registered)
{
    if (best->trunk == NULL || (route->to != NULL) != (best->to != NULL))
        return best->trunk == NULL || route->to != NULL;
    return registered && !best_registered;
}

cg_route_result cg_routes_find_incoming(const cg_routes *routes, const cg_incoming *incoming,
                                        cg_incoming_route *ret_route)
{
    cg_incoming_route best = {0};
    bool best_registered = false;
    for (guint i = 0; i < routes->trunks->len; i++) {
        const cg_trunk *trunk = routes->trunks->pdata[i];
        bool registered = trunk->registers && g_str_equal(trunk->user, incoming->called);
        cg_incoming_route route = {trunk, registered ? incoming->addressed : incoming->called, NULL};
        if (!is_source_of(trunk, incoming))
            continue;
        route.to = cg_routes_find_listed(routes, &trunk->account, route.called);
        if (!is_better(&route, registered, &best, best_registered))
            continue;
        best = route;
        best_registered = registered;
    }
    if (best.trunk != NULL && best.to == NULL)
        best.to = best.trunk->inbound;
    *ret_route = best;
    return best.to != NULL ? CG_ROUTE_OK : CG_ROUTE_NONE;
}
