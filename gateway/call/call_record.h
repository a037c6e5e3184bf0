/* The record of a finished call: one structured log line. */
#pragma once

#include "gateway/call/call.h"

void cg_call_record_log(const cg_call *call);
