// SPDX-License-Identifier: BSD-3-Clause
#include <channel/channel.h>
#include <channel/message.h>

// Of each type that there is.
static const struct body {
	bool is_known;
	bool is_text; // of any size that fits
	uint16_t size;
} bodies[] = {
#define X(name, body) [MESSAGE_##name] = {.is_known = true, .size = sizeof(struct body)},
#define LINE(name)    [MESSAGE_##name] = {.is_known = true, .is_text = true},
	MESSAGE_REQUESTS(X) MESSAGE_REPLIES(X, LINE)
#undef LINE
#undef X
};

bool message_size_valid(uint16_t type, uint32_t size)
{
	const struct body *body;

	if (type >= sizeof(bodies) / sizeof(bodies[0]) || !bodies[type].is_known)
		return false;
	body = &bodies[type];
	return body->is_text ? size <= CHANNEL_MESSAGE_MAX : size == body->size;
}

bool message_is_request(uint16_t type, uint32_t size)
{
	return type < MESSAGE_DONE && message_size_valid(type, size);
}
