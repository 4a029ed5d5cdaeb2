// SPDX-License-Identifier: BSD-3-Clause
// As much of SSH's key exchange (RFC 4253, RFC 5656) as it takes to be shown the host key.
// Teleport's servers show a certificate, which is asked for first; nothing is verified here, and
// nothing secret is sent.
#include "port_check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#define BANNER      "SSH-2.0-fulcrumctl\r\n"
#define LINE_SIZE   256
#define LINES_MAX   50 // that may stand before the banner
#define PACKET_MAX  35000u // RFC 4253 6.1
#define BLOCK       8u
#define COOKIE_SIZE 16u
#define PACKETS_MAX 20

enum { SSH_DISCONNECT = 1, SSH_KEXINIT = 20, SSH_ECDH_INIT = 30, SSH_ECDH_REPLY = 31 };

struct packet {
	uint8_t bytes[PACKET_MAX]; // the payload
	uint32_t size;
};

static void put_string(struct packet *packet, const void *bytes, size_t size)
{
	uint32_t size_be = htonl((uint32_t)size);

	memcpy(packet->bytes + packet->size, &size_be, sizeof(size_be));
	memcpy(packet->bytes + packet->size + sizeof(size_be), bytes, size);
	packet->size += (uint32_t)(sizeof(size_be) + size);
}

static int send_packet(struct wire *wire, const struct packet *packet)
{
	uint8_t frame[4096] = {0};
	uint32_t padding = BLOCK - (5 + packet->size) % BLOCK, size_be;

	if (padding < 4)
		padding += BLOCK;
	size_be = htonl(1 + packet->size + padding);
	if (5 + packet->size + padding > sizeof(frame))
		return wire_fail(wire, "SSH: too long a packet");
	memcpy(frame, &size_be, sizeof(size_be));
	frame[4] = (uint8_t)padding;
	memcpy(frame + 5, packet->bytes, packet->size);
	return wire_write(wire, frame, 5 + packet->size + padding);
}

static int read_packet(struct wire *wire, struct packet *packet)
{
	uint8_t head[5], padding[256];
	uint32_t size;

	if (wire_read(wire, head, sizeof(head)) != 0)
		return -EIO;
	memcpy(&size, head, sizeof(size));
	size = ntohl(size);
	if (size < 2u + head[4] || size > PACKET_MAX)
		return wire_fail(wire, "SSH: what answers is no SSH server");
	packet->size = size - 1 - head[4];
	if (wire_read(wire, packet->bytes, packet->size) != 0)
		return -EIO;
	return wire_read(wire, padding, head[4]);
}

// The next packet of that kind; others are passed over.
static int await_packet(struct wire *wire, uint8_t kind, struct packet *packet)
{
	for (int i = 0; i < PACKETS_MAX; i++) {
		if (read_packet(wire, packet) != 0)
			return -EIO;
		if (packet->bytes[0] == kind)
			return 0;
		if (packet->bytes[0] == SSH_DISCONNECT)
			break;
	}
	return wire_fail(wire, "SSH: the server ended the key exchange");
}

static int read_line(struct wire *wire, char line[LINE_SIZE])
{
	for (size_t i = 0; i < LINE_SIZE; i++) {
		if (wire_read(wire, &line[i], 1) != 0)
			return -EIO;
		if (line[i] == '\n') {
			line[i] = '\0';
			return 0;
		}
	}
	return wire_fail(wire, "what answers has no SSH banner");
}

// RFC 4253 4.2: other lines may stand before the banner.
static int exchange_banners(struct wire *wire)
{
	char line[LINE_SIZE];

	if (wire_write(wire, BANNER, strlen(BANNER)) != 0)
		return -EIO;
	for (int i = 0; i < LINES_MAX; i++) {
		if (read_line(wire, line) != 0)
			return wire_fail(wire, "no SSH banner");
		if (strncmp(line, "SSH-2.0-", 8) == 0 || strncmp(line, "SSH-1.99-", 9) == 0)
			return 0;
	}
	return wire_fail(wire, "what answers has no SSH banner");
}

static int exchange_offers(struct wire *wire, struct packet *packet)
{
	static const char *const lists[] = {"ecdh-sha2-nistp256",
		("ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,"
		 "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,"
		 "ssh-rsa-cert-v01@openssh.com,ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256"),
		"aes128-ctr,aes256-ctr,aes128-gcm@openssh.com", // to the server
		"aes128-ctr,aes256-ctr,aes128-gcm@openssh.com", // and from it
		"hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com",
		"hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com", "none", "none", "",
		""};

	packet->bytes[0] = SSH_KEXINIT;
	packet->size = 1 + COOKIE_SIZE;
	RAND_bytes(packet->bytes + 1, COOKIE_SIZE);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		put_string(packet, lists[i], strlen(lists[i]));
	memset(packet->bytes + packet->size, 0, 5); // no guess follows; reserved
	packet->size += 5;
	if (send_packet(wire, packet) != 0)
		return -EIO;
	return await_packet(wire, SSH_KEXINIT, packet);
}

static int send_public_key(struct wire *wire, struct packet *packet)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	unsigned char *point = NULL;
	size_t size = key == NULL ? 0 : EVP_PKEY_get1_encoded_public_key(key, &point);
	int rc;

	packet->bytes[0] = SSH_ECDH_INIT;
	packet->size = 1;
	if (size > 0)
		put_string(packet, point, size);
	rc = size > 0 ? send_packet(wire, packet) : wire_fail(wire, "SSH: no key could be made");
	OPENSSL_free(point);
	EVP_PKEY_free(key);
	return rc;
}

int port_check_ssh(struct wire *wire, uint8_t identity[PORT_CHECK_IDENTITY_SIZE])
{
	struct packet packet;
	uint32_t size;

	if (exchange_banners(wire) != 0 || exchange_offers(wire, &packet) != 0 ||
		send_public_key(wire, &packet) != 0 ||
		await_packet(wire, SSH_ECDH_REPLY, &packet) != 0)
		return -EIO;
	if (packet.size < 5)
		return wire_fail(wire, "SSH: no host key");
	memcpy(&size, packet.bytes + 1, sizeof(size));
	size = ntohl(size);
	if (size == 0 || size > packet.size - 5)
		return wire_fail(wire, "SSH: no host key");
	EVP_Digest(packet.bytes + 5, size, identity, NULL, EVP_sha256(), NULL);
	return 0;
}
