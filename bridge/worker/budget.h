/* A token bucket: what a peer may cause at once, and how fast it earns more. For everything whose cost falls on
 * somebody else: events to the control thread, packets to the partner. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint32_t burst;      /* tokens it holds at most */
    uint32_t earning_us; /* time in which one is earned */
} cg_budget_limit;

typedef struct {
    uint32_t tokens;
    int64_t earned_us; /* until when the earnings have been paid out; 0: never asked, full */
} cg_budget;

/* Takes a token; false if there is none. */
static inline bool cg_budget_take(cg_budget *budget, const cg_budget_limit *limit, int64_t now_us)
{
    int64_t earned = (now_us - budget->earned_us) / limit->earning_us;
    if (budget->earned_us == 0 || earned >= limit->burst - budget->tokens) {
        budget->tokens = limit->burst;
        budget->earned_us = now_us;
    } else if (earned > 0) {
        budget->tokens += (uint32_t) earned;
        budget->earned_us += earned * limit->earning_us;
    }
    if (budget->tokens == 0)
        return false;
    budget->tokens--;
    return true;
}
