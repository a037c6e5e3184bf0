/* An IP address, of either family, and its port: as text, and taken apart. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "192.0.2.1", "2001:db8::1", without brackets or a zone; port 0. False, and `ret_address` untouched, if it is none. */
bool cg_ip_address_parse(const char *text, struct sockaddr_storage *ret_address);

/* The same the other way; "" if it is of neither family. Returns `ret_text`. */
const char *cg_ip_address_write(const struct sockaddr_storage *address, char ret_text[static INET6_ADDRSTRLEN]);

/* Of one of IPv4 or IPv6: 4 or 16 octets, within `address`; ports in host order. */
const uint8_t *cg_ip_address_octets(const struct sockaddr_storage *address, size_t *ret_size);
uint16_t cg_ip_address_port(const struct sockaddr_storage *address);
void cg_ip_address_set_port(struct sockaddr_storage *address, uint16_t port);
