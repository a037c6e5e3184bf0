/* Drawing one host after the other. */
#include "gateway/telephony/trunk_hosts.h"

#include "base/random.h"

typedef struct {
    unsigned index;
    bool down;
    unsigned priority, weight;
} candidate;

static bool is_before(const candidate *a, const candidate *b)
{
    return a->down != b->down ? !a->down : a->priority < b->priority;
}

/* The position of the one that is next. */
static size_t draw(const candidate *left, size_t count)
{
    const candidate *best = &left[0];
    uint64_t sum = 0;
    for (size_t i = 1; i < count; i++)
        if (is_before(&left[i], best))
            best = &left[i];
    for (size_t i = 0; i < count; i++)
        if (!is_before(best, &left[i]))
            sum += left[i].weight;
    uint64_t chance = cg_random_u32() % sum;
    for (size_t i = 0; i < count; i++) {
        if (is_before(best, &left[i]))
            continue;
        if (chance < left[i].weight)
            return i;
        chance -= left[i].weight;
    }
    g_assert_not_reached();
}

size_t cg_trunk_order_hosts(const cg_trunk *trunk, const bool down[static CG_SIP_MAX_HOSTS],
                            unsigned ret_order[static CG_SIP_MAX_HOSTS])
{
    candidate left[CG_SIP_MAX_HOSTS];
    size_t count = 0;
    for (; trunk->hosts[count] != NULL; count++)
        left[count] = (candidate){(unsigned) count, down[count], trunk->priorities[count], trunk->weights[count]};
    for (size_t done = 0; done < count; done++) {
        size_t next = draw(left, count - done);
        ret_order[done] = left[next].index;
        for (size_t i = next; i + 1 < count - done; i++)
            left[i] = left[i + 1];
    }
    return count;
}
