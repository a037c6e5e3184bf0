/* What becomes of statuses, and what phones are told: the tables of docs/sip.md. */
#include "gateway/telephony/sip_status.h"

#include <glib.h>

static void test_refusals(void)
{
    static const struct {
        unsigned status;
        int code; /* that the client is told */
    } told[] = {
        {302, 31503}, {400, 31503}, {403, 31403}, {404, 31404}, {408, 31503}, {410, 31404}, {415, 53402},
        {480, 31480}, {484, 31404}, {486, 31486}, {487, 31480}, {488, 53402}, {500, 31503}, {503, 31503},
        {600, 31486}, {603, 31603}, {604, 31404}, {606, 53402}, {607, 31603}, {699, 31503},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++)
        g_assert_cmpint(cg_call_end_get_info(cg_sip_status_end(told[i].status))->code, ==, told[i].code);
}

static void test_told(void)
{
    static const struct {
        cg_call_end end;
        unsigned status;
    } told[] = {
        {CG_CALL_END_DECLINED, 603},     {CG_CALL_END_BUSY, 486},         {CG_CALL_END_NO_ANSWER, 480},
        {CG_CALL_END_UNAVAILABLE, 480},  {CG_CALL_END_NOT_FOUND, 404},    {CG_CALL_END_FORBIDDEN, 403},
        {CG_CALL_END_CALLER_ID, 403},    {CG_CALL_END_BAD_HEADER, 400},   {CG_CALL_END_INCOMPATIBLE, 488},
        {CG_CALL_END_MEDIA_FAMILY, 488}, {CG_CALL_END_TRUNK_FAILED, 502}, {CG_CALL_END_MEDIA_ADDRESS, 488},
        {CG_CALL_END_OVERLOADED, 503},   {CG_CALL_END_TRUNK_BUSY, 503},   {CG_CALL_END_SHUTDOWN, 503},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++)
        g_assert_cmpuint(cg_sip_status_of(told[i].end), ==, told[i].status);
    g_assert_cmpint(cg_sip_warning_of(CG_CALL_END_INCOMPATIBLE), ==, CG_SIP_WARNING_MEDIA);
    g_assert_cmpint(cg_sip_warning_of(CG_CALL_END_BUSY), ==, CG_SIP_WARNING_NONE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sip-status/refusals", test_refusals);
    g_test_add_func("/sip-status/told", test_told);
    return g_test_run();
}
