// SPDX-License-Identifier: BSD-3-Clause
#include "page.h"

#include <stdlib.h>
#include <string.h>

static int compare(const char *path, const char *page, size_t size)
{
	FILE *file = fopen(path, "r");
	char *found = malloc(size + 2);
	int same = 0;

	if (file != NULL && found != NULL)
		same = fread(found, 1, size + 1, file) == size && memcmp(found, page, size) == 0;
	if (file != NULL)
		fclose(file);
	free(found);
	return same ? 0 : 1;
}

static int save(const char *path, const char *page, size_t size)
{
	FILE *file = fopen(path, "w");
	int failed = file == NULL || fwrite(page, 1, size, file) != size;

	if (file != NULL && fclose(file) != 0)
		failed = 1;
	if (failed)
		perror(path);
	return failed;
}

int page_main(int argc, char **argv, const char *source, int (*write_page)(FILE *out))
{
	int writes = argc == 3 && strcmp(argv[1], "--write") == 0;
	char *page = NULL;
	size_t size = 0;
	FILE *out;
	int status;

	if (argc != 2 && !writes) {
		fprintf(stderr, "usage: %s [--write] FILE\n", argv[0]);
		return 2;
	}
	out = open_memstream(&page, &size);
	if (out == NULL)
		return 1;
	status = write_page(out);
	fclose(out);
	if (status == 0 && writes)
		status = save(argv[2], page, size);
	else if (status == 0 && compare(argv[1], page, size) != 0) {
		fprintf(stderr, "%s is not what %s says: run %s --write %s\n", argv[1], source,
			argv[0], argv[1]);
		status = 1;
	}
	free(page);
	return status;
}
