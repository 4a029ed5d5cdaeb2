// SPDX-License-Identifier: BSD-3-Clause The files of TLS probes, where a disk does not answer: a
// pipe that nobody writes to stands for it.
#include "health_server.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>

struct folder {
	char path[64];
	char good[96]; // the server's authority
	char hung[96]; // the pipe
	SSL_CTX *server;
};

static void write_pem(const char *path, X509 *certificate)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	PEM_write_X509(file, certificate);
	fclose(file);
}

static void folder_make(struct folder *folder)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);

	strcpy(folder->path, "/tmp/fulcrum-files-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	snprintf(folder->good, sizeof(folder->good), "%s/good.pem", folder->path);
	snprintf(folder->hung, sizeof(folder->hung), "%s/hung.pem", folder->path);
	assert_int_equal(mkfifo(folder->hung, 0600), 0);
	X509_set_version(certificate, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)"files", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_set_pubkey(certificate, key);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	write_pem(folder->good, certificate);
	folder->server = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate(folder->server, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(folder->server, key), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static void folder_remove(const struct folder *folder)
{
	unlink(folder->good);
	unlink(folder->hung);
	rmdir(folder->path);
}

// The disk answers: whoever waits for the pipe reads the authority. False: nobody waits.
static bool folder_answer(const struct folder *folder)
{
	int fd = open(folder->hung, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	int from = open(folder->good, O_RDONLY | O_CLOEXEC);
	char bytes[4096];
	ssize_t size = read(from, bytes, sizeof(bytes));
	bool is_read = fd >= 0 && write(fd, bytes, (size_t)size) == size;

	assert_true(size > 0);
	close(from);
	if (fd >= 0)
		close(fd);
	return is_read;
}

static struct health_target often(
	const struct room *room, uint32_t id, enum config_probe_type type, const char *ca)
{
	struct health_target one = target(room, id);

	one.policy.type = type;
	one.policy.timeout_ms = 300;
	one.policy.rise = one.policy.fall = 1;
	strcpy(one.policy.ca, ca);
	return one;
}

// A server whose certificate the folder's authority signed.
static void begin_serving(struct room *room, struct folder *folder, struct server *server)
{
	folder_make(folder);
	*server = (struct server){.behaviour = SAYS, .text = "", .ctx = folder->server};
	serve(room, server);
}

static void end_serving(struct room *room, struct folder *folder, struct server *server)
{
	set_targets(room, NULL, 0);
	stop_serving(server);
	folder_remove(folder);
}

static void a_disk_that_hangs_holds_up_its_own_probes_alone(void **state)
{
	struct room *room = *state;
	struct folder folder;
	struct server server;
	struct health_target targets[3];

	begin_serving(room, &folder, &server);
	targets[0] = often(room, 1, CONFIG_PROBE_TLS, folder.hung);
	targets[1] = often(room, 2, CONFIG_PROBE_TLS, folder.good);
	targets[2] = often(room, 3, CONFIG_PROBE_TCP, "");
	set_targets(room, targets, 3);
	RUN_UNTIL(room, view(room, 2).status == HEALTH_UP && view(room, 3).status == HEALTH_UP);
	RUN_UNTIL(room, stats(room).local_failures >= 3);
	assert_int_equal(view(room, 1).status, HEALTH_UNKNOWN);
	assert_int_equal(view(room, 1).failures, 0);
	assert_non_null(strstr(view(room, 1).reason,
		"files for it were not read within 300ms: the disk does not answer"));
	assert_true(folder_answer(&folder));
	RUN_UNTIL(room, view(room, 1).status == HEALTH_UP);
	end_serving(room, &folder, &server);
}

static void what_was_read_serves_while_the_disk_hangs(void **state)
{
	struct room *room = *state;
	struct folder folder;
	struct server server;
	struct health_target one;
	char kept[128];
	uint64_t successes;

	begin_serving(room, &folder, &server);
	snprintf(kept, sizeof(kept), "%s.kept", folder.good);
	one = often(room, 1, CONFIG_PROBE_TLS, folder.good);
	set_one(room, &one);
	RUN_UNTIL(room, view(room, 1).status == HEALTH_UP);
	assert_int_equal(rename(folder.good, kept), 0);
	assert_int_equal(rename(folder.hung, folder.good), 0);
	health_forget_files(room->health);
	successes = view(room, 1).successes;
	RUN_UNTIL(room, view(room, 1).successes >= successes + 3);
	health_forget_files(room->health); // while it is read
	RUN_UNTIL(room, view(room, 1).successes >= successes + 6);
	assert_int_equal(view(room, 1).failures, 0);
	assert_int_equal(view(room, 1).status, HEALTH_UP);
	assert_int_equal(rename(folder.good, folder.hung), 0);
	assert_int_equal(rename(kept, folder.good), 0);
	assert_true(folder_answer(&folder));
	end_serving(room, &folder, &server);
}

static void what_cannot_be_read_is_tried_again(void **state)
{
	struct room *room = *state;
	struct folder folder;
	struct server server;
	struct health_target one;

	begin_serving(room, &folder, &server);
	unlink(folder.hung);
	one = often(room, 1, CONFIG_PROBE_TLS, folder.hung);
	set_one(room, &one);
	RUN_UNTIL(room, strstr(view(room, 1).reason, "cannot use ca '") != NULL);
	assert_non_null(strstr(view(room, 1).reason, "No such file or directory"));
	assert_int_equal(link(folder.good, folder.hung), 0);
	RUN_UNTIL(room, view(room, 1).status == HEALTH_UP);
	end_serving(room, &folder, &server);
}

// The thread stays behind, and so does what it owns: this is the last test.
static void an_end_does_not_wait_for_the_disk(void **state)
{
	struct room *room = *state;
	struct folder folder;
	struct server server;
	struct health_target one;

	begin_serving(room, &folder, &server);
	one = often(room, 1, CONFIG_PROBE_TLS, folder.hung);
	set_one(room, &one);
	RUN_UNTIL(room, stats(room).local_failures >= 1);
	assert_false(health_end_files(room->health, 0));
	assert_true(health_end_files(room->health, 0));
	end_serving(room, &folder, &server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_disk_that_hangs_holds_up_its_own_probes_alone),
		TEST(what_was_read_serves_while_the_disk_hangs),
		TEST(what_cannot_be_read_is_tried_again),
		TEST(an_end_does_not_wait_for_the_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
