/* The order of random numbers begins anew: before the certificate is made, and before a handshake. */
#pragma once

void fixed_random_reset(void);
