/* Handlers of the HTTP paths. */
#include "gateway/http/http_api.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "gateway/gateway.h"
#include "gateway/http/demo.h"
#include "gateway/http/metrics.h"

#include <string.h>

/* 503 while draining, so that a load balancer looks for another one. */
static void handle_health(const cg_http_request *request, cg_http_response *response, void *user)
{
    const cg_gateway *gateway = user;
    bool running = gateway->state == CG_GATEWAY_RUNNING;
    g_autoptr(cg_json_writer) writer = cg_json_writer_new();
    cg_json_begin_object(writer, NULL);
    cg_json_write_string(writer, "status", running ? "ok" : "draining");
    cg_json_write_string(writer, "version", CALLGATE_VERSION);
    cg_json_write_integer(writer, "calls", (int64_t) cg_calls_count(gateway->calls, NULL));
    cg_json_end_object(writer);
    cg_http_respond_json(response, running ? 200 : 503, cg_json_writer_steal(writer, NULL));
}

static void handle_metrics(const cg_http_request *request, cg_http_response *response, void *user)
{
    cg_http_respond_text(response, 200, "text/plain; version=0.0.4; charset=utf-8", cg_metrics_format(user));
}

static void respond_log_level(cg_http_response *response)
{
    g_autoptr(cg_json_writer) writer = cg_json_writer_new();
    cg_json_begin_object(writer, NULL);
    cg_json_write_string(writer, "level", cg_log_level_word(cg_log_get_level()));
    cg_json_end_object(writer);
    cg_http_respond_json(response, 200, cg_json_writer_steal(writer, NULL));
}

static void handle_get_log_level(const cg_http_request *request, cg_http_response *response, void *user)
{
    respond_log_level(response);
}

static void handle_put_log_level(const cg_http_request *request, cg_http_response *response, void *user)
{
    g_autoptr(cg_json) json = cg_json_parse(request->body, request->body_size, NULL);
    const char *word = cg_json_string(cg_json_get(cg_json_root(json), "level"));
    cg_log_level level;
    if (word == NULL || !cg_log_level_parse(word, &level)) {
        cg_http_respond_error(response, 400, "the body must be {\"level\":\"debug|info|warning|error\"}");
        return;
    }
    cg_log_set_level(level);
    cg_log(CG_LOG_WARNING, "log.level_changed", CG_LOG_TEXT("level", word), CG_LOG_TEXT("peer", request->peer));
    respond_log_level(response);
}

static void handle_demo_token(const cg_http_request *request, cg_http_response *response, void *user)
{
    cg_demo_handle_token(request, response, ((const cg_gateway *) user)->config);
}

/* Clients of the ecosystem post their quality figures; taken so that they do not retry, and not kept. */
static void handle_telemetry(const cg_http_request *request, cg_http_response *response, void *user)
{
    response->status = 204;
}

const cg_http_route cg_http_api_routes[] = {
    {.method = "GET", .path = "/healthz", .handle = handle_health},
    {.method = "GET", .path = "/metrics", .handle = handle_metrics, .loopback_only = true},
    {.method = "GET", .path = "/admin/log-level", .handle = handle_get_log_level, .loopback_only = true},
    {.method = "PUT", .path = "/admin/log-level", .handle = handle_put_log_level, .loopback_only = true},
    {.method = "POST", .path = "/demo/token", .handle = handle_demo_token, .own_pages = true},
    {.method = "POST", .path = "/v4/EndpointEvents", .handle = handle_telemetry, .cross_origin = true},
    {.method = "POST", .path = "/v4/EndpointMetrics", .handle = handle_telemetry, .cross_origin = true},
    {.path = NULL},
};
