/* Peers that were refused: counted always, logged within a rate. */
#include "signaling/server_internal.h"

#include "base/log.h"

static const cg_rate log_rate = {.per_second = 5, .burst = 50};

static const char *reason_word(cg_reject_reason reason)
{
    switch (reason) {
    case CG_REJECT_ORIGIN:
        return "origin";
    case CG_REJECT_IP_LIMIT:
        return "ip_limit";
    case CG_REJECT_ACCOUNT_LIMIT:
        return "account_limit";
    case CG_REJECT_TOKEN:
        return "token";
    case CG_REJECT_MESSAGE:
        return "message";
    case CG_REJECT_RATE:
        return "rate";
    case CG_REJECT_SLOW:
        return "slow";
    case CG_REJECT_DRAINING:
        return "draining";
    }
    g_assert_not_reached();
}

void cg_server_reject(cg_server *server, cg_reject_reason reason, const char *peer, const char *detail)
{
    server->stats.rejected_total[reason]++;
    if (!cg_bucket_take(&server->reject_log, &log_rate, cg_server_now())) {
        server->rejects_not_logged++;
        return;
    }
    cg_log(CG_LOG_WARNING, "peer.rejected", CG_LOG_TEXT("reason", reason_word(reason)), CG_LOG_TEXT("peer", peer),
           CG_LOG_TEXT("detail", detail), CG_LOG_NUMBER("not_logged", server->rejects_not_logged));
    server->rejects_not_logged = 0;
}
