/* How threads speak: many post, the one owner delivers. No lock is held while a message is delivered.
 *
 * A message is a struct whose first member is a cg_mail; it owns what it carries. `deliver` runs on the owner's thread
 * with the owner's pointer and disposes of the mail; `discard` disposes of it when the mailbox dies before delivery. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct cg_mailbox cg_mailbox;
typedef struct cg_mail cg_mail;

struct cg_mail {
    cg_mail *next; /* the mailbox's while posted */
    void (*deliver)(cg_mail *mail, void *owner);
    void (*discard)(cg_mail *mail);
};

/* Creates a mailbox and the eventfd that wakes its owner. Aborts if the process is out of descriptors. */
cg_mailbox *cg_mailbox_new(void);

/* Discards what was not delivered, oldest first. No other thread may post any more, and no delivery may be going on. */
void cg_mailbox_free(cg_mailbox *mailbox);

/* From any thread; takes the mail. Order is kept between mails of one poster. */
void cg_mailbox_post(cg_mailbox *mailbox, cg_mail *mail);

/* Readable while mail waits: the owner polls it and calls cg_mailbox_deliver. Owned by the mailbox. */
int cg_mailbox_fd(const cg_mailbox *mailbox);

/* On the owner's thread: delivers what was there when called (mails posted meanwhile wait for the next wake-up).
 * Returns how many. */
size_t cg_mailbox_deliver(cg_mailbox *mailbox, void *owner);

/* Blocks the owner's thread until mail waits or `timeout_ms` has passed (-1: no limit). True if mail waits: deliver it
 * then, the wake-up may be used up. */
bool cg_mailbox_wait(cg_mailbox *mailbox, int timeout_ms);

/* Mails posted and not yet delivered: the queue depth metric, from any thread. */
size_t cg_mailbox_depth(const cg_mailbox *mailbox);
