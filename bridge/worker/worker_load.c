/* The question is a mail like any other, so what waits for it is what waits for a packet or a timer too. */
#include "bridge/worker/worker_load.h"

#include "base/clock.h"

#include <time.h>

#define INTERVAL_US 250000

static uint64_t thread_cpu_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t) time.tv_sec * 1000000 + (uint64_t) time.tv_nsec / 1000;
}

static void count_drops(cg_worker *worker, cg_udp *udp)
{
    if (udp != NULL)
        cg_counter_add(&worker->counters.receive_drops, cg_udp_take_receive_drops(udp));
}

static void answer(cg_mail *mail, void *owner)
{
    cg_worker *worker = owner;
    cg_worker_counters *counters = &worker->counters;
    cg_load_question *question = &worker->load_question;
    int64_t now_us = cg_clock_monotonic_us();

    count_drops(worker, worker->ipv4);
    count_drops(worker, worker->ipv6);
    question->answer = (cg_load_sample){
        .at_us = now_us,
        .cpu_us = thread_cpu_us(),
        .packets = cg_counter_read(&counters->packets_received),
        .drops = cg_counter_read(&counters->receive_drops),
        .lag_us = now_us - question->asked_us,
    };
    atomic_store_explicit(&question->state, CG_QUESTION_ANSWERED, memory_order_release);
}

static void discard(cg_mail *mail)
{
}

static void ask(cg_worker *worker, int64_t now_us)
{
    cg_load_question *question = &worker->load_question;
    question->mail = (cg_mail){.deliver = answer, .discard = discard};
    question->asked_us = now_us;
    atomic_store_explicit(&question->state, CG_QUESTION_ASKED, memory_order_relaxed); /* posting releases it */
    cg_mailbox_post(worker->mailbox, &question->mail);
}

void cg_worker_measure(cg_worker *worker, cg_load *load, int64_t now_us)
{
    cg_load_question *question = &worker->load_question;
    int64_t asked_for_us = now_us - question->asked_us;

    switch (atomic_load_explicit(&question->state, memory_order_acquire)) {
    case CG_QUESTION_ASKED:
        cg_load_unanswered(load, now_us, asked_for_us);
        return;
    case CG_QUESTION_ANSWERED:
        cg_load_add(load, &question->answer);
        atomic_store_explicit(&question->state, CG_QUESTION_NONE, memory_order_relaxed);
        break;
    case CG_QUESTION_NONE:
        break;
    }
    if (asked_for_us >= INTERVAL_US)
        ask(worker, now_us);
}
