/* The order of a trunk's hosts: down, priority, weight. */
#include "gateway/telephony/trunk_hosts.h"

static char *hosts[] = {"a", "b", "c", "d", NULL};

static void test_order(void)
{
    static const struct {
        unsigned priorities[4];
        bool down[CG_SIP_MAX_HOSTS];
        unsigned order[4];
    } rows[] = {
        {{1, 2, 3, 4}, {false}, {0, 1, 2, 3}},
        {{4, 3, 2, 0}, {false}, {3, 2, 1, 0}},
        {{1, 2, 3, 4}, {true, false, true, false}, {1, 3, 0, 2}},
        {{1, 2, 3, 4}, {true, true, true, true}, {0, 1, 2, 3}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        cg_trunk trunk = {.hosts = hosts, .weights = {1, 1, 1, 1}};
        unsigned order[CG_SIP_MAX_HOSTS];
        memcpy(trunk.priorities, rows[i].priorities, sizeof rows[i].priorities);
        g_test_message("row %zu", i);
        g_assert_cmpuint(cg_trunk_order_hosts(&trunk, rows[i].down, order), ==, 4);
        g_assert_cmpmem(order, sizeof rows[i].order, rows[i].order, sizeof rows[i].order);
    }
}

/* 8000 draws of 3:1 are 6000 and 2000, give or take 39 (one standard deviation). */
static void test_weights(void)
{
    const bool down[CG_SIP_MAX_HOSTS] = {false};
    cg_trunk trunk = {.hosts = hosts, .priorities = {5, 5, 9, 1}, .weights = {3, 1, 65535, 65535}};
    unsigned first = 0;
    for (unsigned i = 0; i < 8000; i++) {
        unsigned order[CG_SIP_MAX_HOSTS];
        cg_trunk_order_hosts(&trunk, down, order);
        g_assert_cmpuint(order[0], ==, 3);
        g_assert_cmpuint(order[1] + order[2], ==, 1);
        g_assert_cmpuint(order[3], ==, 2);
        first += order[1] == 0;
    }
    g_assert_cmpuint(first, >, 5700);
    g_assert_cmpuint(first, <, 6300);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trunk_hosts/order", test_order);
    g_test_add_func("/trunk_hosts/weights", test_weights);
    return g_test_run();
}
