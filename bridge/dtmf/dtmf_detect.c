/* Where sound is lost the phase of a tone jumps: the block there is begun anew. */
#include "bridge/dtmf/dtmf_detect.h"

#include <glib.h>
#include <spandsp.h>
#include <string.h>

enum {
    QUIETER = 16,      /* in power, 12 dB: than the key was; no tone of it any more */
    TWIST = 8,         /* dB by which the lower tone may be stronger, spandsp's own choice, ... */
    REVERSE_TWIST = 4, /* ... and the higher one */
    BLURRED_TWIST = 12,
    BLURRED = CG_DTMF_RATE / 5, /* samples: adaptive predictors need a tenth of a second to find back, or two */
};

struct cg_dtmf_detector {
    dtmf_rx_state_t *spandsp;    /* owned */
    int16_t last[CG_DTMF_BLOCK]; /* what was heard last, the newest at its end, ... */
    size_t run;                  /* ... as far as it is of one piece, samples */
    uint64_t loudest;            /* mean power of what was loudest while a key sounded */
    bool quiet;                  /* the last sound was, compared to that */
    size_t blurred;              /* samples that may still be heard wrong */
};

cg_dtmf_detector *cg_dtmf_detector_new(void)
{
    cg_dtmf_detector *detector = g_new0(cg_dtmf_detector, 1);
    detector->spandsp = dtmf_rx_init(NULL, NULL, NULL);
    g_assert(detector->spandsp != NULL);
    return detector;
}

void cg_dtmf_detector_free(cg_dtmf_detector *detector)
{
    if (detector == NULL)
        return;
    dtmf_rx_free(detector->spandsp);
    g_free(detector);
}

static void remember(cg_dtmf_detector *detector, const int16_t *pcm, size_t count)
{
    size_t taken = MIN(count, (size_t) CG_DTMF_BLOCK);
    memmove(detector->last, detector->last + taken, (CG_DTMF_BLOCK - taken) * sizeof *pcm);
    memcpy(detector->last + CG_DTMF_BLOCK - taken, pcm + count - taken, taken * sizeof *pcm);
    detector->run = MIN(detector->run + count, (size_t) CG_DTMF_BLOCK);
}

/* spandsp says 'x' for one block that was like a key. */
static bool has_key(const cg_dtmf_detector *detector)
{
    int status = dtmf_rx_status(detector->spandsp);
    return status != 0 && status != 'x';
}

static void measure(cg_dtmf_detector *detector, const int16_t *pcm, size_t count)
{
    uint64_t power = 0;
    for (size_t i = 0; i < count; i++)
        power += (uint64_t) (pcm[i] * pcm[i]);
    power = count > 0 ? power / count : 0;
    if (!cg_dtmf_detector_hears(detector))
        detector->loudest = 0;
    detector->loudest = MAX(detector->loudest, power);
    detector->quiet = power < detector->loudest / QUIETER;
}

/* Silence that has a loss beside it: the key is over, or the same one pressed again would not be heard as another. */
static void end_key(cg_dtmf_detector *detector)
{
    static const int16_t silence[2 * CG_DTMF_BLOCK];
    dtmf_rx_fillin(detector->spandsp, 0);
    dtmf_rx(detector->spandsp, silence, 2 * CG_DTMF_BLOCK);
}

static void set_blurred(cg_dtmf_detector *detector, size_t samples)
{
    bool blurred = samples > 0;
    detector->blurred = samples;
    dtmf_rx_parms(detector->spandsp, -1, blurred ? BLURRED_TWIST : TWIST, blurred ? BLURRED_TWIST : REVERSE_TWIST, -99);
}

size_t cg_dtmf_detector_hear(cg_dtmf_detector *detector, const int16_t *pcm, size_t count, char *ret_digits,
                             size_t room)
{
    bool after_loss = detector->run == 0;
    measure(detector, pcm, count);
    if (after_loss && detector->quiet && has_key(detector))
        end_key(detector);
    dtmf_rx(detector->spandsp, pcm, (int) count);
    if (detector->blurred > 0 && !has_key(detector)) /* what began blurred ends so */
        set_blurred(detector, detector->blurred - MIN(count, detector->blurred));
    remember(detector, pcm, count);
    return dtmf_rx_get(detector->spandsp, ret_digits, (int) room);
}

/* Of a short piece the last block is judged once more, with what is left behind it. */
size_t cg_dtmf_detector_miss(cg_dtmf_detector *detector, bool blurs, char *ret_digits, size_t room)
{
    if (detector->quiet && has_key(detector) && detector->run > 0)
        end_key(detector);
    dtmf_rx_fillin(detector->spandsp, 0);
    if (detector->run == CG_DTMF_BLOCK && cg_dtmf_detector_hears(detector) && !has_key(detector))
        dtmf_rx(detector->spandsp, detector->last, CG_DTMF_BLOCK);
    dtmf_rx_fillin(detector->spandsp, 0);
    detector->run = 0;
    if (blurs)
        set_blurred(detector, BLURRED);
    return dtmf_rx_get(detector->spandsp, ret_digits, (int) room);
}

bool cg_dtmf_detector_hears(const cg_dtmf_detector *detector)
{
    return dtmf_rx_status(detector->spandsp) != 0;
}
