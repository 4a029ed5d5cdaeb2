// SPDX-License-Identifier: BSD-3-Clause
#ifndef UNIT_CHANNEL_PEERS_H
#define UNIT_CHANNEL_PEERS_H

#include <channel/channel.h>
#include <channel/segment.h>
#include <sys/types.h>

// What the tests of the channel share: a channel in a folder of the case's own, servers and clients
// as processes that the test starts and ends, and a client by hand.

extern char folder[64];
extern char path[128];
extern struct channel_message message;
extern struct error err;

// For a case's setup and teardown.
int make_path(void **state);
int remove_path(void **state);
void write_file(const void *bytes, size_t size); // in the place of the channel

// --- Processes: a server or a client that the test starts, and ends by itself ---

void nap(void);
// Forks; the child dies with the test.
pid_t spawn(void);
void end_process(pid_t pid);
int exit_status(pid_t pid);
// One that answers every request with MESSAGE_DONE.
pid_t start_server(void);
// Likewise, where a client may be silent for that long.
pid_t start_patient_server(uint32_t silence_ms);
void make_show(struct channel_message *request);
void a_client_is_served(void);

// --- A client by hand, in the server's own process: what it writes is the test's choice ---

struct hand {
	struct channel_server *server;
	struct segment *segment;
	int fd;
};

// Begins a session and takes its RESET.
void hand_begin(struct hand *hand);
void hand_open(struct hand *hand);
void hand_close(struct hand *hand);
void hand_put(struct hand *hand, const void *bytes, uint32_t size);
void hand_is_served(struct hand *hand);

#endif
