// SPDX-License-Identifier: BSD-3-Clause
#ifndef CHANNEL_LOCK_H
#define CHANNEL_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

// Who serves a segment and who is its client: two one-byte fcntl locks on its file, which the
// kernel gives back when their holder dies. The server's belongs to its open file (an OFD lock), so
// that it is not lost with another descriptor of the same file; the client's belongs to its
// process, so that the kernel can name the holder. For lib/channel's own files.

// 0, or -EAGAIN while another holds it, or another negative errno.
int lock_take_server(int fd);
int lock_take_client(int fd);

// True while somebody other than this descriptor holds it.
bool lock_server_held(int fd);
bool lock_client_held(int fd);

// The process that holds the client's lock, 0 for none or unknown (it is in another PID namespace).
pid_t lock_client_holder(int fd);

#endif
