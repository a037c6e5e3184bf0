/* Log lines: each is built whole and leaves by one write(2), so that lines of several threads do not mix.
 * The state of this file is the one file-scope state there is: what a process says about itself has one destination. */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/utf8.h"

static const char *const level_words[] = {
    [CG_LOG_DEBUG] = "debug",
    [CG_LOG_INFO] = "info",
    [CG_LOG_WARNING] = "warning",
    [CG_LOG_ERROR] = "error",
};

static _Atomic(cg_log_level) current_level = CG_LOG_INFO;
static _Atomic(cg_log_format) current_format = CG_LOG_FORMAT_TEXT;
static atomic_bool sink_is_set;

static struct {
    pthread_mutex_t lock; /* held while the sink runs: once set_sink returns, the old sink is not running */
    void (*sink)(const char *line, void *user);
    void *user;
} destination = {.lock = PTHREAD_MUTEX_INITIALIZER}; /* no GMutex: ThreadSanitizer cannot see into GLib's futexes */

void cg_log_set_level(cg_log_level level)
{
    atomic_store_explicit(&current_level, level, memory_order_relaxed);
}

cg_log_level cg_log_get_level(void)
{
    return atomic_load_explicit(&current_level, memory_order_relaxed);
}

bool cg_log_enabled(cg_log_level level)
{
    return level >= cg_log_get_level();
}

void cg_log_set_format(cg_log_format format)
{
    atomic_store_explicit(&current_format, format, memory_order_relaxed);
}

bool cg_log_level_parse(const char *word, cg_log_level *ret_level)
{
    for (size_t i = 0; i < G_N_ELEMENTS(level_words); i++) {
        if (strcmp(word, level_words[i]) == 0) {
            *ret_level = (cg_log_level) i;
            return true;
        }
    }
    return false;
}

const char *cg_log_level_word(cg_log_level level)
{
    g_assert((unsigned) level < G_N_ELEMENTS(level_words));
    return level_words[level];
}

/* Characters that would let a value look like something else on a terminal: controls (C0, DEL, C1), the line and
 * paragraph separators, and the marks that turn the direction of writing. */
static bool deceives(gunichar c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static bool needs_quotes(const char *value, size_t size)
{
    if (size == 0 || !cg_utf8_valid(value, size))
        return true;
    for (const char *at = value; at < value + size; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (deceives(c) || c == ' ' || c == '"' || c == '=' || c == '\\')
            return true;
    }
    return false;
}

static void append_quoted_character(GString *line, const char *at)
{
    gunichar c = g_utf8_get_char(at);
    if (c == '"' || c == '\\')
        g_string_append_printf(line, "\\%c", (char) c);
    else if (c == '\n')
        g_string_append(line, "\\n");
    else if (c == '\r')
        g_string_append(line, "\\r");
    else if (c == '\t')
        g_string_append(line, "\\t");
    else if (deceives(c))
        g_string_append_printf(line, "\\u%04x", c);
    else
        g_string_append_len(line, at, g_utf8_next_char(at) - at);
}

static void append_quoted(GString *line, const char *value, size_t size)
{
    const char *end = value + size;
    g_string_append_c(line, '"');
    while (value < end) {
        const char *valid_end = value + cg_utf8_valid_prefix(value, (size_t) (end - value));
        for (; value < valid_end; value = g_utf8_next_char(value))
            append_quoted_character(line, value);
        if (value < end)
            g_string_append_printf(line, "\\x%02x", (unsigned char) *value++);
    }
    g_string_append_c(line, '"');
}

/* How much of a value goes into a line: all, or what fits before the limit without cutting a character. */
static size_t shown_size(const char *value)
{
    size_t size = strnlen(value, CG_LOG_MAX_VALUE + 1);
    if (size <= CG_LOG_MAX_VALUE)
        return size;
    size = CG_LOG_MAX_VALUE;
    while (size > CG_LOG_MAX_VALUE - 3 && (value[size] & 0xC0) == 0x80)
        size--;
    return size;
}

static void append_value(GString *line, const char *value)
{
    size_t size = shown_size(value);
    if (needs_quotes(value, size))
        append_quoted(line, value, size);
    else
        g_string_append_len(line, value, (gssize) size);
    if (value[size] != '\0')
        g_string_append(line, "...");
}

static char *format_text(const char *time, cg_log_level level, const char *event, const cg_log_field *fields)
{
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "%s %s %s", time, cg_log_level_word(level), event);
    for (const cg_log_field *field = fields; field->name; field++) {
        g_string_append_printf(line, " %s=", field->name);
        if (field->text)
            append_value(line, field->text);
        else
            g_string_append_printf(line, "%" PRId64, field->number);
    }
    return g_string_free(line, FALSE);
}

static void write_text_member(cg_json_writer *writer, const char *name, const char *value)
{
    size_t size = shown_size(value);
    g_autofree char *beginning = g_strndup(value, size);
    g_autofree char *shown = g_strconcat(beginning, value[size] == '\0' ? "" : "...", NULL);
    cg_json_write_string(writer, name, shown);
}

static char *format_json(const char *time, cg_log_level level, const char *event, const cg_log_field *fields)
{
    g_autoptr(cg_json_writer) writer = cg_json_writer_new();
    cg_json_begin_object(writer, NULL);
    cg_json_write_string(writer, "time", time);
    cg_json_write_string(writer, "level", cg_log_level_word(level));
    cg_json_write_string(writer, "event", event);
    for (const cg_log_field *field = fields; field->name; field++) {
        if (field->text)
            write_text_member(writer, field->name, field->text);
        else
            cg_json_write_integer(writer, field->name, field->number);
    }
    cg_json_end_object(writer);
    return cg_json_writer_steal(writer, NULL);
}

/* A line that cannot be written is lost: there is nowhere left to say so. */
static void write_line(const char *line)
{
    g_autofree char *text = g_strconcat(line, "\n", NULL);
    size_t size = strlen(text);
    for (size_t at = 0; at < size;) {
        ssize_t written = write(STDERR_FILENO, text + at, size - at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        at += (size_t) written;
    }
}

static void emit(const char *line)
{
    if (!atomic_load_explicit(&sink_is_set, memory_order_relaxed)) {
        write_line(line);
        return;
    }
    pthread_mutex_lock(&destination.lock);
    if (destination.sink)
        destination.sink(line, destination.user);
    pthread_mutex_unlock(&destination.lock);
}

void cg_log_write(cg_log_level level, const char *event, const cg_log_field *fields)
{
    char time[25];
    cg_clock_format(cg_clock_wall_ms(), time);
    bool json = atomic_load_explicit(&current_format, memory_order_relaxed) == CG_LOG_FORMAT_JSON;
    g_autofree char *line = json ? format_json(time, level, event, fields) : format_text(time, level, event, fields);
    emit(line);
}

void cg_log_set_sink(void (*sink)(const char *line, void *user), void *user)
{
    pthread_mutex_lock(&destination.lock);
    destination.sink = sink;
    destination.user = user;
    atomic_store_explicit(&sink_is_set, sink != NULL, memory_order_relaxed);
    pthread_mutex_unlock(&destination.lock);
}
