/* A thread's slice, as the kernel tells it. */
#include "base/thread_slice.h"

#include <glib.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
} scheduling;

static scheduling own_scheduling(void)
{
    scheduling own = {0};
    g_assert_cmpint(syscall(SYS_sched_getattr, 0, &own, sizeof own, 0), ==, 0);
    return own;
}

static gpointer use_short_slices(gpointer user)
{
    cg_thread_use_short_slices();
    *(scheduling *) user = own_scheduling();
    return NULL;
}

static void test_own_thread_only(void)
{
    scheduling before = own_scheduling(), theirs;
    g_thread_join(g_thread_new("slices", use_short_slices, &theirs));
    scheduling after = own_scheduling();
    g_assert_cmpuint(after.runtime_ns, ==, before.runtime_ns);
    g_assert_cmpint(theirs.nice, ==, before.nice);
    g_assert_cmpuint(theirs.policy, ==, before.policy);
    if (before.runtime_ns == 0)
        g_test_skip("this kernel has no slices to ask for");
    else
        g_assert_cmpuint(theirs.runtime_ns, ==, 100000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/thread-slice/own-thread-only", test_own_thread_only);
    return g_test_run();
}
