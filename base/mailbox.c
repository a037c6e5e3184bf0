/* A stack that posters push with one compare-and-swap and the owner takes whole with one exchange, then turns over.
 * Nothing is ever popped singly, so the stack's ABA problem does not arise. Only the post that finds the stack empty
 * writes to the eventfd: the owner clears the eventfd *before* it takes the stack, so that write is never lost. */
#include "base/mailbox.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <glib.h>

#include "base/clock.h"

struct cg_mailbox {
    _Atomic(cg_mail *) newest; /* what was posted, newest first */
    atomic_size_t depth;       /* posted and not yet delivered */
    int wake_fd;
};

cg_mailbox *cg_mailbox_new(void)
{
    cg_mailbox *mailbox = g_new0(cg_mailbox, 1);
    mailbox->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (mailbox->wake_fd < 0)
        g_error("no eventfd for a mailbox: %s", g_strerror(errno));
    return mailbox;
}

void cg_mailbox_post(cg_mailbox *mailbox, cg_mail *mail)
{
    g_assert(mail->deliver && mail->discard);
    atomic_fetch_add_explicit(&mailbox->depth, 1, memory_order_relaxed);
    cg_mail *before = atomic_load_explicit(&mailbox->newest, memory_order_relaxed);
    do {
        mail->next = before;
    } while (!atomic_compare_exchange_weak_explicit(&mailbox->newest, &before, mail, memory_order_release,
                                                    memory_order_relaxed));
    /* The mail may be delivered and gone from here on. */
    if (!before)
        eventfd_write(mailbox->wake_fd, 1);
}

/* Takes all mail, oldest first. */
static cg_mail *take_all(cg_mailbox *mailbox)
{
    cg_mail *newest = atomic_exchange_explicit(&mailbox->newest, NULL, memory_order_acquire);
    cg_mail *oldest = NULL;
    while (newest) {
        cg_mail *older = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = older;
    }
    return oldest;
}

static void clear_wake_up(cg_mailbox *mailbox)
{
    eventfd_t ignored;
    eventfd_read(mailbox->wake_fd, &ignored);
}

size_t cg_mailbox_deliver(cg_mailbox *mailbox, void *owner)
{
    clear_wake_up(mailbox);
    cg_mail *mail = take_all(mailbox);
    size_t count = 0;
    while (mail) {
        cg_mail *next = mail->next; /* delivery disposes of the mail */
        atomic_fetch_sub_explicit(&mailbox->depth, 1, memory_order_relaxed);
        mail->deliver(mail, owner);
        mail = next;
        count++;
    }
    return count;
}

void cg_mailbox_free(cg_mailbox *mailbox)
{
    if (!mailbox)
        return;
    cg_mail *mail = take_all(mailbox);
    while (mail) {
        cg_mail *next = mail->next;
        mail->discard(mail);
        mail = next;
    }
    close(mailbox->wake_fd);
    g_free(mailbox);
}

int cg_mailbox_fd(const cg_mailbox *mailbox)
{
    return mailbox->wake_fd;
}

static bool has_mail(cg_mailbox *mailbox)
{
    return atomic_load_explicit(&mailbox->newest, memory_order_relaxed) != NULL;
}

/* Milliseconds from now to `deadline_us`, rounded up so that no wait ends early; -1 for no deadline. */
static int remaining_ms(int64_t deadline_us)
{
    if (deadline_us < 0)
        return -1;
    int64_t left_us = MAX(deadline_us - cg_clock_monotonic_us(), 0);
    return (int) ((left_us + 999) / 1000);
}

bool cg_mailbox_wait(cg_mailbox *mailbox, int timeout_ms)
{
    int64_t deadline_us = timeout_ms < 0 ? -1 : cg_clock_monotonic_us() + (int64_t) timeout_ms * 1000;
    while (!has_mail(mailbox)) {
        struct pollfd poll_fd = {.fd = mailbox->wake_fd, .events = POLLIN};
        int ready = poll(&poll_fd, 1, remaining_ms(deadline_us));
        if (ready == 0)
            return has_mail(mailbox);
        /* A wake-up whose mail an earlier delivery already took: without clearing it this loop would spin. */
        if (ready > 0 && !has_mail(mailbox))
            clear_wake_up(mailbox);
    }
    return true;
}

size_t cg_mailbox_depth(const cg_mailbox *mailbox)
{
    return atomic_load_explicit(&mailbox->depth, memory_order_relaxed);
}
