/* Structured log lines on standard error: time, level, event, then fields; one line each, as key=value text or JSON.
 * Safe from every thread, but a call returns when the line is written, and whoever reads standard error may be slow: a
 * thread that must not wait (a media worker) never calls it, it has the control thread do it (bridge/events.h).
 * Only the layer that decides logs (style: below it errors are returned).
 *
 *     cg_log(CG_LOG_INFO, "call.ended", CG_LOG_TEXT("call", sid), CG_LOG_NUMBER("duration_ms", 1200));
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { CG_LOG_DEBUG, CG_LOG_INFO, CG_LOG_WARNING, CG_LOG_ERROR } cg_log_level;
typedef enum { CG_LOG_FORMAT_TEXT, CG_LOG_FORMAT_JSON } cg_log_format;

typedef struct {
    const char *name; /* NULL ends a list */
    const char *text; /* the value; NULL: `number` is the value */
    int64_t number;
} cg_log_field;

/* A field with text; NULL is written as "". */
static inline cg_log_field cg_log_text(const char *name, const char *text)
{
    return (cg_log_field){.name = name, .text = text != NULL ? text : ""};
}

#define CG_LOG_TEXT(name_, text_) cg_log_text((name_), (text_))
#define CG_LOG_NUMBER(name_, number_) ((cg_log_field){.name = (name_), .number = (int64_t) (number_)})

#define cg_log(level, event, ...)                                                                          \
    do {                                                                                                   \
        if (cg_log_enabled(level))                                                                         \
            cg_log_write((level), (event), (const cg_log_field[]){__VA_ARGS__ __VA_OPT__(, ){.name = 0}}); \
    } while (0)

void cg_log_set_level(cg_log_level level);
cg_log_level cg_log_get_level(void);
bool cg_log_enabled(cg_log_level level);
void cg_log_set_format(cg_log_format format);

/* "debug", "info", "warning", "error"; false if the word is none of them. */
bool cg_log_level_parse(const char *word, cg_log_level *ret_level);
const char *cg_log_level_word(cg_log_level level);

#define CG_LOG_MAX_VALUE 1024 /* bytes of one value; of a longer one the beginning and "..." are logged */

/* Control characters, quotes and bytes that are not UTF-8 are escaped (in JSON those bytes become U+FFFD): nothing a
 * peer sends can forge a line. Names and events are our own words and are written as they are. */
void cg_log_write(cg_log_level level, const char *event, const cg_log_field *fields);

/* Where lines go instead of standard error (tests); NULL restores it. Called with one whole line without newline, from
 * whatever thread logs but from one at a time; it must not log itself. */
void cg_log_set_sink(void (*sink)(const char *line, void *user), void *user);
