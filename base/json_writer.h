/* The one way JSON is made: a writer that escapes and puts commas. Misuse (a value without a name inside
 * an object, unbalanced ends) is a bug and aborts. Strings must be UTF-8; bytes that are not are written as U+FFFD. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

typedef struct cg_json_writer cg_json_writer;

#define CG_JSON_WRITER_MAX_DEPTH 32 /* nested arrays and objects; more is a bug */

cg_json_writer *cg_json_writer_new(void);
void cg_json_writer_free(cg_json_writer *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cg_json_writer, cg_json_writer_free)

void cg_json_begin_object(cg_json_writer *writer, const char *name); /* name is NULL at the root and in arrays */
void cg_json_end_object(cg_json_writer *writer);
void cg_json_begin_array(cg_json_writer *writer, const char *name);
void cg_json_end_array(cg_json_writer *writer);

void cg_json_write_string(cg_json_writer *writer, const char *name, const char *value); /* NULL writes null */
void cg_json_write_integer(cg_json_writer *writer, const char *name, int64_t value);
void cg_json_write_double(cg_json_writer *writer, const char *name, double value); /* not finite writes null */
void cg_json_write_bool(cg_json_writer *writer, const char *name, bool value);
void cg_json_write_null(cg_json_writer *writer, const char *name);
void cg_json_write_raw(cg_json_writer *writer, const char *name, const char *json, size_t size); /* valid JSON */

/* The finished text: NUL-terminated, valid until the next call on the writer; aborts if something is still open. */
const char *cg_json_writer_text(cg_json_writer *writer, size_t *ret_size);

/* Empties the writer and hands its text over; free with g_free. */
char *cg_json_writer_steal(cg_json_writer *writer, size_t *ret_size);
