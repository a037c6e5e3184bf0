/* Which answer a request gets: the gateway's routes first, then the files of the web root. */
#include "signaling/exchange.h"
#include "signaling/origin.h"

#include <string.h>

static bool path_matches(const char *pattern, const char *path)
{
    size_t length = strlen(pattern);

    if (length >= 2 && g_str_equal(pattern + length - 2, "/*"))
        return strncmp(pattern, path, length - 1) == 0;
    return strcmp(pattern, path) == 0;
}

static bool method_matches(const char *allowed, const char *method)
{
    return strcmp(allowed, method) == 0 || (strcmp(allowed, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static bool origin_is_allowed(const cg_server *server, const cg_route_request *request)
{
    return request->origin && cg_host_valid(request->host) &&
           cg_origin_allowed(request->origin, request->host, (const char *const *) server->settings.allowed_origins);
}

static bool asks_for_loopback(const cg_route_request *request)
{
    return !*request->host || cg_host_is_loopback(request->host);
}

static bool is_same_origin(const cg_route_request *request)
{
    return cg_origin_allowed(request->origin, request->host, NULL);
}

/* A peer on this machine is not enough: a page of any site, open in a browser here, reaches loopback too. It cannot
 * help showing its Origin, or, when its name was made to resolve to loopback, its name as Host. Neither is a proxy on
 * this machine, which speaks for others. */
static bool is_local(const cg_route_request *request)
{
    return request->request.peer_is_loopback && !request->forwarded && asks_for_loopback(request) &&
           is_same_origin(request);
}

/* Not a page of another site. Where only loopback is served, not one either whose name was made to resolve here: it is
 * of the same origin then, but cannot help showing that name. */
static bool is_own_page(const cg_server *server, const cg_route_request *request)
{
    return is_same_origin(request) && (!server->settings.on_loopback || asks_for_loopback(request));
}

static void refuse(cg_route_answer *answer, int status, const char *message)
{
    cg_http_respond_error(&answer->response, status, message);
}

/* The methods of every route of that path, for Allow. */
static char *methods_of(const cg_http_route *routes, const char *path)
{
    GString *methods = g_string_new("OPTIONS");

    for (const cg_http_route *route = routes; route->path; route++) {
        if (!path_matches(route->path, path))
            continue;
        g_string_append_printf(methods, ", %s", route->method);
        if (strcmp(route->method, "GET") == 0)
            g_string_append(methods, ", HEAD");
    }
    return g_string_free(methods, FALSE);
}

static void preflight_or_refuse(const cg_route_request *request, cg_route_answer *answer)
{
    if (strcmp(request->request.method, "OPTIONS") == 0)
        answer->response.status = 204;
    else
        refuse(answer, 405, "method not allowed");
}

static void answer_from_route(cg_server *server, const cg_http_route *route, const cg_route_request *request,
                              cg_route_answer *answer)
{
    if (route->cross_origin && origin_is_allowed(server, request))
        answer->allow_origin = request->origin;
    if (route->loopback_only && !is_local(request)) {
        refuse(answer, 403, "only from this machine");
    } else if (route->own_pages && !is_own_page(server, request)) {
        refuse(answer, 403, "only from pages of this gateway, opened under its own address");
    } else if (!method_matches(route->method, request->request.method)) {
        answer->allow_methods = methods_of(server->routes, request->request.path);
        preflight_or_refuse(request, answer);
    } else {
        answer->response.status = 200;
        route->handle(&request->request, &answer->response, server->user);
    }
}

/* The route of that path and method; else the first of that path, so that its rules apply to the refusal too. */
static const cg_http_route *find_route(const cg_http_route *routes, const cg_http_request *request)
{
    const cg_http_route *same_path = NULL;

    for (const cg_http_route *route = routes; route->path; route++) {
        if (!path_matches(route->path, request->path))
            continue;
        if (method_matches(route->method, request->method))
            return route;
        if (!same_path)
            same_path = route;
    }
    return same_path;
}

static void answer_from_files(cg_server *server, const cg_route_request *request, cg_route_answer *answer)
{
    const cg_static_file *file = cg_static_files_find(server->files, request->request.path);

    if (!file) {
        refuse(answer, 404, "not found");
        return;
    }
    if (origin_is_allowed(server, request))
        answer->allow_origin = request->origin;
    answer->is_page = true;
    if (!method_matches("GET", request->request.method)) {
        answer->allow_methods = g_strdup("OPTIONS, GET, HEAD");
        preflight_or_refuse(request, answer);
        return;
    }
    answer->shared_body = g_bytes_ref(file->body);
    answer->etag = g_strdup(file->etag);
    answer->response.content_type = file->type;
    answer->response.status = strcmp(request->if_none_match, file->etag) == 0 ? 304 : 200;
}

void cg_routes_answer(cg_server *server, const cg_route_request *request, cg_route_answer *ret_answer)
{
    static const cg_http_route none = {0};
    const cg_http_route *route = find_route(server->routes ? server->routes : &none, &request->request);

    *ret_answer = (cg_route_answer){0};
    if (route)
        answer_from_route(server, route, request, ret_answer);
    else
        answer_from_files(server, request, ret_answer);
}

void cg_route_answer_finish(cg_route_answer *answer)
{
    g_free(answer->response.body);
    g_clear_pointer(&answer->shared_body, g_bytes_unref);
    g_free(answer->etag);
    g_free(answer->allow_methods);
}
